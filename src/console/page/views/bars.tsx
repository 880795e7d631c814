// Small pictures of figures as inline SVG, each with its numbers beside it as text, so that nothing is told by length or
// colour alone. Knows nothing of reports.

export interface Bar {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  /** what stands for the value; default: the number */
  readonly text?: string;
  readonly tone?: string;
}

/** Bars lying one under the other: a list to those who read it, the picture is an ornament of it. */
export function Bars(props: {
  readonly label: string;
  readonly bars: readonly Bar[];
  readonly most?: number;
}) {
  const most = props.most ?? Math.max(1, ...props.bars.map(({ value }) => value));
  return (
    <ul class="bars" aria-label={props.label}>
      {props.bars.map((bar) => (
        <li key={bar.id}>
          <span class="bar-name" dir="auto">
            {bar.name}
          </span>
          <svg
            class="bar"
            viewBox="0 0 100 10"
            preserveAspectRatio="none"
            aria-hidden="true"
            focusable="false"
          >
            <rect class="bar-ground" x="0" y="0" width="100" height="10" />
            <rect
              class={`bar-fill ${bar.tone ?? ''}`}
              x="0"
              y="0"
              width={(100 * bar.value) / most}
              height="10"
            />
          </svg>
          <span class="bar-text">{bar.text ?? bar.value}</span>
        </li>
      ))}
    </ul>
  );
}

/** Bars standing side by side, such as the days of a month; every fifth has its name. */
export function Columns(props: {
  readonly label: string;
  readonly bars: readonly (Bar & { readonly title: string })[];
}) {
  const { bars } = props;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const text = bars
    .filter(({ value }) => value > 0)
    .map(({ title }) => title)
    .join('; ');
  return (
    <div class="standing" role="img" aria-label={`${props.label}. ${text}`}>
      {bars.map((bar, index) => (
        <div key={bar.id} title={bar.title}>
          <span class="standing-count">{bar.value > 0 ? bar.value : ''}</span>
          <svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect class="bar-ground" x="0" y="0" width="10" height="100" />
            <rect
              class="bar-fill"
              x="0"
              y={100 - (100 * bar.value) / most}
              width="10"
              height={(100 * bar.value) / most}
            />
          </svg>
          <span class="standing-name">{index % 5 === 0 ? bar.name : ''}</span>
        </div>
      ))}
    </div>
  );
}

/** One part of a whole. */
export function Share(props: {
  readonly part: number;
  readonly whole: number;
  readonly partName: string;
  readonly restName: string;
  readonly sentence: string;
}) {
  const { part, whole } = props;
  return (
    <div class="share">
      <p>{props.sentence}</p>
      <Bars
        label={props.sentence}
        most={whole}
        bars={[
          { id: 'part', name: props.partName, value: part, tone: 'supervisory' },
          { id: 'rest', name: props.restName, value: whole - part },
        ]}
      />
    </div>
  );
}
