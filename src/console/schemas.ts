// What answers look like, for the OpenAPI document, by subject in the files beside. Words for people and generators; nothing is
// checked by them.

import type { Schema } from './schema-forms.ts';
import { gatewayAnswers } from './schemas-gateway.ts';
import { houseAnswers } from './schemas-house.ts';
import { incidentAnswers } from './schemas-incidents.ts';

export const answers: Readonly<Record<string, Schema>> = {
  ...gatewayAnswers,
  ...houseAnswers,
  ...incidentAnswers,
};
