// `keepwatch schema`: the JSON Schema of a site file, for editors.

import { type Define, print, withExample } from './verb.ts';

export const define: Define = (command, act) => {
  withExample(command, 'keepwatch schema > keepwatch.schema.json').action(
    act(async () => {
      const [{ drivers }, { siteJsonSchema }] = await Promise.all([
        import('../app.ts'),
        import('../config/load.ts'),
      ]);
      print(JSON.stringify(siteJsonSchema(drivers), null, 2));
      return 0;
    }),
  );
};
