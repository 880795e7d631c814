// Compares phone numbers, which people write in many ways. Pure; knows nothing of countries.

function digitsOf(number: string): { readonly digits: string; readonly abroad: boolean } {
  const plainNumber = number.replace(/[\s().-]/g, '');
  const abroad = /^(\+|00)/.test(plainNumber);
  return { digits: plainNumber.replace(/^(\+|00)/, ''), abroad };
}

/** Do two ways of writing a phone number mean the same phone? Where one lacks the country, the rest must be long. */
export function samePhone(one: string, other: string): boolean {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  if (!/^\d{3,20}$/.test(a.digits) || !/^\d{3,20}$/.test(b.digits)) return false;
  if (a.digits === b.digits) return true;
  if (a.abroad === b.abroad) return false;
  const [abroad, home] = a.abroad ? [a.digits, b.digits] : [b.digits, a.digits];
  const national = home.replace(/^0/, '');
  const country = abroad.length - national.length;
  return national.length >= 8 && country >= 1 && country <= 3 && abroad.endsWith(national);
}
