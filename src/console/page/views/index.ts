// The list of views: one line each. A view that is heavy or seldom looked at comes in a chunk of its own.

import type { ComponentType } from 'preact';
import type { Key } from '../words/index.ts';
import { IncidentPage } from './incident.tsx';
import { RaisePage } from './raise.tsx';
import { WallPage } from './wall.tsx';

export interface View {
  /** first part of the path: `#/NAME` */
  readonly name: string;
  /** in the menu under these words; absent: not in the menu */
  readonly nav?: Key;
  /** shown in the bar where there is room, all others under "menu" */
  readonly main?: boolean;
  readonly page?: ComponentType;
  readonly load?: () => Promise<ComponentType>;
  /** may be seen without a login */
  readonly open?: boolean;
}

export const views: readonly View[] = [
  { name: 'wall', nav: 'nav.wall', main: true, page: WallPage },
  { name: 'incident', page: IncidentPage },
  { name: 'raise', nav: 'nav.raise', main: true, page: RaisePage, open: true },
  {
    name: 'history',
    nav: 'nav.history',
    main: true,
    load: async () => (await import('./history.tsx')).HistoryPage,
  },
  { name: 'floors', nav: 'nav.floors', load: async () => (await import('./floors.tsx')).FloorsPage },
  { name: 'points', nav: 'nav.points', load: async () => (await import('./points.tsx')).PointsPage },
  { name: 'buses', nav: 'nav.buses', load: async () => (await import('./buses.tsx')).BusesPage },
  { name: 'outputs', nav: 'nav.outputs', load: async () => (await import('./outputs.tsx')).OutputsPage },
  { name: 'drills', nav: 'nav.drills', load: async () => (await import('./drills.tsx')).DrillsPage },
  {
    name: 'readiness',
    nav: 'nav.readiness',
    load: async () => (await import('./readiness.tsx')).ReadinessPage,
  },
  { name: 'contacts', nav: 'nav.contacts', load: async () => (await import('./contacts.tsx')).ContactsPage },
  { name: 'reports', nav: 'nav.reports', load: async () => (await import('./reports.tsx')).ReportsPage },
  { name: 'settings', nav: 'nav.settings', load: async () => (await import('./settings.tsx')).SettingsPage },
  { name: 'login', load: async () => (await import('./login.tsx')).LoginPage, open: true },
];
