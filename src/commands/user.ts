// `keepwatch user`: who may log in to the console: added, listed, removed, given another password. Works on the file of
// users alone, beside the site file; a running daemon takes it up with its next reload.

import { idForm, idHint } from '../config/values.ts';
import { type Role, roles } from '../rights/roles.ts';
import { askPassword } from './ask-password.ts';
import { type Define, print, printJson, say, UsageFault, withConfig, withExample } from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly role?: Role;
  readonly name?: string;
  readonly json?: boolean;
}

const actions = ['add', 'list', 'remove', 'passwd'] as const;

export const define: Define = (command, act) => {
  withExample(
    withConfig(command),
    'keepwatch user add wang --role operate --name 王伟\n  keepwatch user list',
  )
    .argument('<action>', actions.join(', '))
    .argument('[id]', 'id of the user, such as wang')
    .addOption(
      command
        .createOption('--role <role>', 'with add: what the user may do, in rising order')
        .choices([...roles]),
    )
    .option('--name <name>', 'with add: name for people; default: the id')
    .option('--json', 'with list: print JSON for machines')
    .action(act(user));
};

async function user(action: string, id: string | undefined, options: Options): Promise<number> {
  const known = actions.find((each) => each === action);
  if (known === undefined)
    throw new UsageFault(`"${action}" is not an action; write one of: ${actions.join(', ')}`);
  const file = await usersFile(options.config);
  const users = await import('../config/users-file.ts');
  const found = users.usersIn(file);
  if (known === 'list') {
    if (options.json) printJson(found.map(({ id: each, name, role }) => ({ id: each, name, role })));
    else for (const each of found) print(`${each.id}  ${each.role}  ${each.name}`);
    if (found.length === 0 && !options.json) say(`${file} has no users; \`keepwatch user add\` makes one`);
    return 0;
  }
  if (id === undefined) throw new UsageFault(`\`user ${known}\` needs an id, such as \`user ${known} wang\``);
  if (!idForm.test(id)) throw new UsageFault(`"${id}" is not an id; write ${idHint}`);
  const there = found.find((each) => each.id === id);
  if (known === 'add') {
    if (there !== undefined)
      throw new UsageFault(`${id} is there already; \`user passwd ${id}\` gives another password`);
    if (options.role === undefined) throw new UsageFault(`--role is needed: ${roles.join(', ')}`);
    const name = options.name ?? id;
    const taken = found.find((each) => [each.id, each.name].some((one) => one === name || one === id));
    if (taken !== undefined)
      throw new UsageFault(`${name} is ${taken.id}'s id or name already; choose another`);
    if (name.trim() !== name || name === '' || name.length > 64 || /\p{Cc}/u.test(name))
      throw new UsageFault('--name must be 1 to 64 characters that can be seen');
    users.putUser(file, id, { name, role: options.role, hash: await newHash(id) });
    say(`${id} may log in with the role ${options.role}; in ${file}`);
  } else if (there === undefined) {
    say(`keepwatch: there is no user ${id} in ${file}`);
    return 1;
  } else if (known === 'remove') {
    users.takeUserOut(file, id);
    say(`${id} may no longer log in`);
  } else {
    const { name, role } = there;
    users.putUser(file, id, { name, role, hash: await newHash(id) });
    say(`${id} has another password; logins with the old one end`);
  }
  say('a running daemon takes it up with a reload: `systemctl reload keepwatch`, or kill -HUP');
  return 0;
}

async function newHash(id: string): Promise<string> {
  const { faultOfPassword, hashOf } = await import('../rights/passwords.ts');
  const password = await askPassword(id, (given) => faultOfPassword(given, id));
  return hashOf(password);
}

async function usersFile(config: string | undefined): Promise<string> {
  const site = siteFile(config);
  if (site === undefined)
    throw new UsageFault(
      'no ./keepwatch.yaml and no /etc/keepwatch/keepwatch.yaml here; name a site file with -c FILE',
    );
  const { usersFileOf } = await import('../config/users-file.ts');
  return usersFileOf(site);
}
