// What answers about the gateway and errors look like, for the OpenAPI document.

import type { ApiError, DoctorView, MachineView, SettingsView } from './api.ts';
import {
  boolean,
  clock,
  form,
  integer,
  is,
  list,
  moment,
  number,
  object,
  type Schema,
  string,
  text,
} from './schema-forms.ts';

export const gatewayAnswers: Readonly<Record<string, Schema>> = {
  ApiError: form<ApiError>({ code: string, message: string }),
  MachineView: form<MachineView>(
    {
      model: string,
      uptimeMs: integer,
      load: list(number),
      memory: object({ totalBytes: integer, freeBytes: integer, ownBytes: integer }),
      disk: object({ totalBytes: integer, freeBytes: integer }),
      temperatureC: number,
      underVoltage: object({ now: boolean, since: boolean }),
      clock,
      node: string,
    },
    ...(['model', 'disk', 'temperatureC', 'underVoltage'] as const),
  ),
  SettingsView: form<SettingsView>({
    file: string,
    text: string,
    findings: list(object({ severity: { enum: ['fault', 'warning'] }, line: string })),
    changes: list(string),
    machine: is('MachineView'),
  }),
  DoctorView: form<DoctorView>({
    at: moment,
    well: boolean,
    looks: list(
      object({
        id: string,
        name: text,
        findings: list(
          object({ state: { enum: ['good', 'note', 'fault'] }, code: string, what: text, mend: text }, [
            'mend',
          ]),
        ),
      }),
    ),
  }),
};
