// Turns the points of one device into the fewest requests that its limits allow. Pure, and done once when a bus
// is opened, never while polling. Knows nothing of what the cells mean.

import type { PointAddress, ReadRequest, RequestLimits } from '../driver.ts';

/** Every point stands in exactly one request. A point longer than `most` gets a request of its own. */
export function mergeReads(points: readonly PointAddress[], limits: RequestLimits): ReadRequest[] {
  const spaces = new Map<string, PointAddress[]>();
  for (const point of points) {
    const key = JSON.stringify([point.device, point.space]);
    const list = spaces.get(key);
    if (list) list.push(point);
    else spaces.set(key, [point]);
  }
  return [...spaces.values()].flatMap((list) => mergeSpace(list, limits));
}

function mergeSpace(points: readonly PointAddress[], limits: RequestLimits): ReadRequest[] {
  const sorted = points.toSorted((a, b) => a.start - b.start || a.length - b.length);
  const requests: ReadRequest[] = [];
  let open: PointAddress[] = [];
  let start = 0;
  let end = 0;
  const flush = (): void => {
    const first = open[0];
    if (!first) return;
    requests.push({ device: first.device, space: first.space, start, length: end - start, points: open });
    open = [];
  };
  for (const point of sorted) {
    const from = limits.even ? point.start - (point.start % 2) : point.start;
    const last = point.start + point.length;
    const to = limits.even ? last + (last % 2) : last;
    if (open.length > 0 && from - end <= limits.gap && Math.max(end, to) - start <= limits.most) {
      end = Math.max(end, to);
    } else {
      flush();
      start = from;
      end = to;
    }
    open.push(point);
  }
  flush();
  return requests;
}

/** Does the request read cells that no point wants? */
export function hasGaps(request: ReadRequest): boolean {
  let end = request.start;
  for (const point of request.points) {
    if (point.start > end) return true;
    end = Math.max(end, point.start + point.length);
  }
  return false;
}
