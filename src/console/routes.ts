// The list of all routes of the API. Adding one is a line in the file that it belongs to.

import type { Route } from './route.ts';
import { actingRoutes } from './routes-acting.ts';
import { firstRoutes } from './routes-first.ts';
import { floorRoutes } from './routes-floors.ts';
import { houseRoutes } from './routes-house.ts';
import { paperRoutes } from './routes-papers.ts';

export const routes: readonly Route[] = [
  ...actingRoutes,
  ...firstRoutes,
  ...houseRoutes,
  ...floorRoutes,
  ...paperRoutes,
];
