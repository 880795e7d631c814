// Small signs drawn here, because no system's letters can be relied on to have them. Never without words beside them.

const paths = {
  menu: 'M3 6h18M3 12h18M3 18h18',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  sound: 'M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11',
  mute: 'M4 9v6h4l5 4V5L8 9zM16 9l6 6M22 9l-6 6',
  sirenOff: 'M7 17v-5a5 5 0 0 1 10 0v5M4 20h16M3 3l18 18',
  clock: 'M12 3a9 9 0 1 0 .01 0M12 7v5l4 2',
  phone: 'M6 3l3 5-2 2c1 3 4 6 7 7l2-2 5 3-2 3C11 22 2 13 3 5z',
  lock: 'M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3',
  note: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  warning: 'M12 3L2 20h20zM12 9v6M12 17.5v.5',
} as const;

export function Icon({ name }: { readonly name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** One bar, two or three, of three. */
export function Bars({ count }: { readonly count: number }) {
  return (
    <svg class="icon level-bars" viewBox="0 0 24 24" aria-hidden="true">
      {[1, 2, 3].map((bar) => (
        <rect
          key={bar}
          class={bar <= count ? 'full' : ''}
          x={bar * 7 - 5}
          y={20 - bar * 6}
          width={5}
          height={bar * 6}
        />
      ))}
    </svg>
  );
}
