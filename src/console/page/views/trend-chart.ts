// A point's trend as a picture: line, band from lowest to highest, limits as lines, grey where nothing was known. Draws
// with uPlot on a canvas in the colours of the page; a table beside it tells the same to those who can't see it.

import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Trend } from '../../../telemetry/types.ts';
import { aloneIn, gapsOf, rounded } from './trend-figures.ts';

export interface ChartOptions {
  readonly trend: Trend;
  readonly timezone: string;
  readonly limits: readonly { readonly value: number; readonly text: string }[];
  readonly words: {
    readonly last: string;
    readonly min: string;
    readonly max: string;
    readonly time: string;
  };
  /** `9:02` or `11-22 9:02` for the cursor's moment */
  readonly at: (seconds: number) => string;
}

export interface Chart {
  resize(width: number): void;
  remove(): void;
}

const heightPx = 300;

export function drawTrend(into: HTMLElement, options: ChartOptions): Chart {
  const { trend, limits, words } = options;
  const colour = colours(into);
  const fromS = Date.parse(trend.from) / 1000;
  const stepS = trend.stepMs / 1000;
  const times = trend.last.map((_, index) => fromS + (index + 0.5) * stepS);
  const plot = new UPlot(
    {
      width: Math.max(200, into.clientWidth),
      height: heightPx,
      tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), options.timezone),
      cursor: { drag: { x: false, y: false, setScale: false } },
      legend: { live: true, markers: { show: false } },
      scales: {
        x: { time: true, range: () => [fromS, fromS + trend.last.length * stepS] },
        y: {
          range: (_, low, high) =>
            rangeWith(
              low,
              high,
              limits.map(({ value }) => value),
            ),
        },
      },
      axes: [
        { ...axis(colour, 60), values: timeLabels(options.timezone) },
        { ...axis(colour, 40), size: 64 },
      ],
      series: [
        { label: words.time, value: (_, at) => (at == null ? '–' : options.at(at)) },
        {
          label: words.max,
          stroke: colour.band,
          width: 1,
          points: { show: false },
          value: shown(trend.unit),
        },
        {
          label: words.min,
          stroke: colour.band,
          width: 1,
          points: { show: false },
          value: shown(trend.unit),
        },
        {
          label: words.last,
          stroke: colour.line,
          width: 2,
          // a line needs two ends: what stands alone between gaps is a dot
          points: { show: true, size: 7, fill: colour.line, filter: () => aloneIn(trend.last) },
          value: shown(trend.unit),
        },
      ],
      bands: [{ series: [1, 2], fill: colour.fill }],
      hooks: {
        drawAxes: [(self) => shadeGaps(self, trend, fromS, stepS, colour.gap)],
        draw: [(self) => drawLimits(self, limits, colour)],
      },
    },
    [times, [...trend.max], [...trend.min], [...trend.last]],
    into,
  );
  return {
    resize: (width) => plot.setSize({ width: Math.max(200, width), height: heightPx }),
    remove: () => plot.destroy(),
  };
}

interface Colours {
  readonly line: string;
  readonly band: string;
  readonly fill: string;
  readonly gap: string;
  readonly text: string;
  readonly grid: string;
  readonly limit: string;
}

/** The page's colours as they are now; a canvas knows no custom properties. */
function colours(of: HTMLElement): Colours {
  const style = getComputedStyle(of);
  const named = (name: string, usual: string): string => style.getPropertyValue(name).trim() || usual;
  return {
    line: named('--chart-line', '#1f6feb'),
    band: named('--chart-band', '#6ea8fe'),
    fill: named('--chart-fill', 'rgba(31, 111, 235, 0.22)'),
    gap: named('--chart-gap', 'rgba(128, 128, 128, 0.28)'),
    text: style.color,
    grid: named('--chart-grid', 'rgba(128, 128, 128, 0.25)'),
    limit: named('--chart-limit', '#c62828'),
  };
}

function axis(colour: Colours, space: number): UPlot.Axis {
  const font = `14px ${getComputedStyle(document.body).fontFamily}`;
  return {
    stroke: colour.text,
    font,
    space,
    grid: { stroke: colour.grid, width: 1 },
    ticks: { stroke: colour.grid, width: 1 },
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Hours as `09:00`, a new day's first one with its date: the library's own words are English, with AM and PM. */
function timeLabels(timezone: string): UPlot.Axis.DynamicValues {
  return (_self, splits, _axis, _space, stepS) => {
    let before = '';
    return splits.map((seconds) => {
      const at = UPlot.tzDate(new Date(seconds * 1000), timezone);
      const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
      const isNew = day !== before;
      before = day;
      if (stepS >= 86_400) return day;
      return isNew ? `${time}\n${day}` : time;
    });
  };
}

/** Room for the data and for its limits, and some more. */
function rangeWith(low: number | null, high: number | null, limits: readonly number[]): [number, number] {
  const all = [...(low === null ? [] : [low]), ...(high === null ? [] : [high]), ...limits];
  if (all.length === 0) return [0, 1];
  const least = Math.min(...all);
  const most = Math.max(...all);
  const room = (most - least) * 0.08 || Math.abs(most) * 0.05 || 1;
  return [least - room, most + room];
}

function shown(unit: string | undefined): UPlot.Series.Value {
  return (_, value) => (value == null ? '–' : `${rounded(value)}${unit ? ` ${unit}` : ''}`);
}

function shadeGaps(self: UPlot, trend: Trend, fromS: number, stepS: number, fill: string): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.fillStyle = fill;
  for (const [first, end] of gapsOf(trend)) {
    const left = self.valToPos(fromS + first * stepS, 'x', true);
    const right = self.valToPos(fromS + end * stepS, 'x', true);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

function drawLimits(self: UPlot, limits: ChartOptions['limits'], colour: Colours): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.strokeStyle = colour.limit;
  ctx.fillStyle = colour.limit;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([8 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.font = `bold ${13 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  for (const { value, text } of limits) {
    const y = self.valToPos(value, 'y', true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(text, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}
