// The date that stands in the name of a file which was set aside: it sorts by time, and no file system minds it.

/** `20261122T010203Z`, in UTC; wall time, ms. */
export function fileDate(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
