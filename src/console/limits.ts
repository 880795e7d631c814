// The limits of the console's server in one place, each by what it bounds. Numbers and why they are so; what happens at a
// limit is said where it is kept.

/** Requests of one address: fifty pages behind it may come back at once after a restart; then as fast as no person clicks. */
export const requests = { atOnce: 800, perSecond: 100, mostBodyBytes: 64 * 1024 } as const;

/** Commands of one login, or of one address without one. */
export const commands = { atOnce: 40, perSecond: 5 } as const;

/**
 * Raising by hand and the panic key, of one plan by one login or address. Beside the other two, so that nothing else that
 * was asked can use it up; where it is used up itself, that plan was raised as often just before.
 */
export const raising = { atOnce: 60, perSecond: 5 } as const;

/** Passwords that are tried. */
export const logins = {
  /** wrong ones in a row that cost nothing: people mistype */
  freeTries: 5,
  /** more of them for an address: several people may share one */
  freeTriesOfAddress: 15,
  firstWaitMs: 15_000,
  longestWaitMs: 15 * 60_000,
  /** nothing wrong for so long is forgotten */
  forgottenAfterMs: 3_600_000,
  /** wrong ones for a name by strangers from everywhere; from then on strangers take turns for it */
  freeTriesOfName: 20,
  turnEveryMs: 3000,
  longestTurnWaitMs: 18_000,
  /** each check takes 32 MiB and a third of a second */
  mostWaiting: 8,
  mostOfOne: 2,
  /** a browser shows that somebody has logged in there for so long; browsers keep nothing longer */
  deviceDays: 400,
  /** people who share a tablet */
  mostOfDevice: 10,
} as const;

/** Pages that listen. */
export const streams = { most: 120, mostOfOneLogin: 20, mostUnreadBytes: 1024 * 1024 } as const;

/** What is made in a process of its own: reports, the look at the site file, the doctor. */
export const papers = {
  mostWaiting: 8,
  mostOfOne: 2,
  mostBytes: 32 * 1024 * 1024,
  longestMs: 90_000,
} as const;

/** What one answer may hold, and what of it is made in one turn of the daemon's loop. */
export const answers = {
  mostIncidents: 500,
  incidentsInOneTurn: 20,
  eventsInOneTurn: 50,
  /** so long one that was made for somebody is good for others, unless something changed */
  pointsLastMs: 1000,
  statusLastsMs: 250,
} as const;

/** What went through the door and waits for its turn. */
export const turns = {
  /** what took longer than this is followed by as long a rest */
  restAfterMs: 2,
  longestRestMs: 100,
} as const;

/** Connections, and how slowly they may talk. */
export const connections = {
  most: 300,
  mostOfOneAddress: 200,
  /** a handshake takes the processor longer than most requests: fifty pages may come back at once, then few */
  handshakesAtOnce: 120,
  handshakesPerSecond: 20,
  /** requests on one; no browser sends a second before the first is answered */
  mostAtOnce: 4,
  mostHeaderBytes: 16 * 1024,
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  keepAliveMs: 15_000,
  silentMs: 60_000,
  /** answers that nobody takes, of all together */
  mostUnreadBytes: 48 * 1024 * 1024,
} as const;

/** Names, addresses and logins that are remembered for any of these. */
export const mostRemembered = 5000;
