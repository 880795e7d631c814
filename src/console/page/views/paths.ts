// Where under the API the views find trends, floor plans, settings and reports: each address said once.

import { language } from '../preferences.ts';

const part = encodeURIComponent;

export type ReportFormat = 'pdf' | 'csv' | 'md' | 'json';

export const trendPath = (point: string, fromMs: number, toMs: number, most: number): string =>
  `/points/${part(point)}/trend?from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}&most=${most}`;

export const floorsPath = '/floors';
export const floorPath = (id: string): string => `/floors/${part(id)}`;
export const floorImagePath = (id: string): string => `/floors/${part(id)}/image`;

/** closed ones too, the newest first */
export const pastPath = '/incidents?all=true&limit=500';

export const settingsPath = '/settings';
export const doctorPath = '/doctor';

export const monthPath = (month: string, format: ReportFormat): string =>
  `/reports/${part(month)}?format=${format}&lang=${language.value}`;
export const incidentReportPath = (incident: string, format: ReportFormat): string =>
  `/incidents/${part(incident)}/report?format=${format}&lang=${language.value}`;
