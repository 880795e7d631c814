// Holds a JSON value against a form of the OpenAPI document, as far as the house's own document goes: what is missing, of
// another type, or not named in it. A form with `properties` names all that there is; one without is open.

export type Form = Readonly<Record<string, unknown>>;

export function faultsOfAnswer(
  value: unknown,
  form: Form,
  named: Readonly<Record<string, Form>>,
  path = '',
): string[] {
  const inner = (next: unknown, at: Form, key: string): string[] =>
    faultsOfAnswer(next, at, named, path === '' ? key : `${path}.${key}`);
  if (typeof form.$ref === 'string') {
    const target = named[form.$ref.split('/').at(-1)!];
    return target ? faultsOfAnswer(value, target, named, path) : [`${path}: ${form.$ref} is not there`];
  }
  if (Array.isArray(form.anyOf)) {
    const found = (form.anyOf as Form[]).map((one) => faultsOfAnswer(value, one, named, path));
    return found.some((faults) => faults.length === 0) ? [] : found[0]!;
  }
  if ('const' in form && value !== form.const) return [`${path} is not ${form.const}`];
  if (Array.isArray(form.enum) && !form.enum.includes(value)) return [`${path} is ${JSON.stringify(value)}`];
  const types = form.type === undefined ? [] : [form.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type as string)))
    return [`${path} is ${JSON.stringify(value)}, no ${types.join(' or ')}`];
  if (form.format === 'date-time' && Number.isNaN(Date.parse(value as string)))
    return [`${path} is ${JSON.stringify(value)}, no moment`];
  if (Array.isArray(value))
    return form.items === undefined
      ? []
      : value.flatMap((each, index) => inner(each, form.items as Form, String(index)));
  if (typeof value !== 'object' || value === null) return [];
  const properties = form.properties as Readonly<Record<string, Form>> | undefined;
  const rest =
    typeof form.additionalProperties === 'object' ? (form.additionalProperties as Form) : undefined;
  const faults = ((form.required ?? []) as string[])
    .filter((key) => !(key in value))
    .map((key) => `${path === '' ? key : `${path}.${key}`} is missing`);
  for (const [key, each] of Object.entries(value)) {
    const own = properties?.[key] ?? rest;
    if (own !== undefined) faults.push(...inner(each, own, key));
    else if (properties !== undefined)
      faults.push(`${path === '' ? key : `${path}.${key}`} is not in the document`);
  }
  return faults;
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
