// Where in the page one is: the part of the address behind `#`. Knows no view.

import { signal } from '@preact/signals';

export interface Route {
  /** first part of the path: `wall` where there is none */
  readonly name: string;
  /** the parts behind it, decoded */
  readonly parts: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  /** all of it, as `go` takes it: `incident/i3_ab` */
  readonly path: string;
}

function routeOf(hash: string): Route {
  const path = hash.replace(/^#?\/?/, '');
  const [before = '', after = ''] = path.split('?');
  const [name = '', ...parts] = before
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  return {
    name: name === '' ? 'wall' : name,
    parts,
    query: Object.fromEntries(new URLSearchParams(after)),
    path,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal<Route>(routeOf(location.hash));

addEventListener('hashchange', () => {
  route.value = routeOf(location.hash);
});

/** `href` of a place in the page: `link('incident', id)`. */
export function link(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** Goes to a path such as `incident/i3_ab` or `#/history`. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  const hash = `#/${path.replace(/^#?\/?/, '')}`;
  if (how === 'push') location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    route.value = routeOf(hash);
  }
}
