// A small picture of a number's course, drawn as plain SVG: its line, the limits where it has some, and the ends in words.

import type { Trend } from '../../../telemetry/types.ts';
import { number } from '../values.ts';
import { t } from '../words/index.ts';

const width = 240;
const height = 48;
const edge = 3;

export function Sparkline(props: {
  readonly trend: Pick<Trend, 'last' | 'min' | 'max' | 'unit'>;
  readonly limits: readonly number[];
  readonly name: string;
}) {
  const { trend, limits, name } = props;
  const known = [...trend.min, ...trend.max, ...trend.last].filter(
    (value): value is number => value !== null,
  );
  if (known.length === 0) return <p class="soft">{t('incident.noTrend')}</p>;
  const low = Math.min(...known);
  const high = Math.max(...known);
  // A limit far away would make a flat line of what there is: it is drawn only where it is near.
  const near = limits.filter(
    (limit) => limit >= low - 2 * (high - low || 1) && limit <= high + 2 * (high - low || 1),
  );
  const bottom = Math.min(low, ...near);
  const top = Math.max(high, ...near);
  const x = (index: number): number => (index / Math.max(1, trend.last.length - 1)) * width;
  const y = (value: number): number =>
    top === bottom ? height / 2 : height - edge - ((value - bottom) / (top - bottom)) * (height - 2 * edge);
  let path = '';
  let drawing = false;
  trend.last.forEach((value, index) => {
    if (value === null) {
      drawing = false;
      return;
    }
    path += `${drawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = true;
  });
  const unit = trend.unit ? ` ${trend.unit}` : '';
  const [lowText, highText] = [number(low) + unit, number(high) + unit];
  return (
    <figure class="sparkline">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('incident.trendOf', { name, low: lowText, high: highText })}
      >
        {near.map((limit) => (
          <line key={limit} class="sparkline-limit" x1={0} x2={width} y1={y(limit)} y2={y(limit)} />
        ))}
        <path class="sparkline-line" d={path} />
      </svg>
      <figcaption aria-hidden="true">
        <span>{highText}</span>
        <span>{lowText}</span>
      </figcaption>
    </figure>
  );
}
