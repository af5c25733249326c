/**
 * What the sources say for somebody in the workspace, and what it is on a machine that has the package: where files are
 * (as `./configure --sysconfdir` bakes it into other programs), and which command a hint names. In this order; without quotes, for they stand in literals.
 */
export const INSTALLED: readonly (readonly [inWorkspace: string | RegExp, installed: string])[] = [
  [
    'run `npx nx run resource-db:prepare`, which writes development credentials',
    'set VENFLEET_CLIENT_ID and VENFLEET_CLIENT_SECRET in /etc/venfleet/environment',
  ],
  ['mend it, or move it away and let `npx nx run resource-db:prepare` write a new one', 'mend it'],
  [
    'make it with: npx nx run resource-db:prepare',
    'put the database of this VEN there (/usr/share/doc/venfleet/commissioning.md)',
  ],
  [
    'start the mock VTN with `npx nx serve vtn-mock`, or name another VTN with --vtn-url',
    'see vtn.url in /etc/venfleet/ven-agent.yaml',
  ],
  ['; Nx runs each target in the workspace root', ''],
  ['`npx nx run ven-agent:run`', '`sudo systemctl start venfleet`'],
  [/npx nx run ven-agent:([a-z-]+)/g, 'venfleet $1'],
  [/npx nx run resource-db:([a-z-]+)/g, 'venfleet db $1'],
  [/`ven-agent (?=[a-z])/g, '`venfleet '],
  ['config/ven-agent.example.yaml', '/usr/share/doc/venfleet/ven-agent.example.yaml'],
  ['docs/add-a-device.md', '/usr/share/doc/venfleet/add-a-device.md'],
  ['config/ven-agent.yaml', '/etc/venfleet/ven-agent.yaml'],
  ['config/dev-credentials.json', '/etc/venfleet/credentials.json'],
  ['config/device-profiles', '/usr/share/venfleet/device-profiles'],
  // The console's page, which the agent finds beside its package.
  ['@venfleet/console/package.json', 'file:///usr/share/venfleet/console/package.json'],
  ['Build it and start again: <code>npx nx run console:build</code>', 'Install the package venfleet again.'],
  ['config/resources.db', '/var/lib/venfleet/resources.db'],
  ['config/fleet.yaml', '/etc/venfleet/fleet.yaml'],
  ['config/exampleassets', '/etc/venfleet/sites'],
  ['.venfleet/', '/var/lib/venfleet/'],
];

/** What must not be left of the workspace in an installed program. */
export const LEFT_OVER = /npx nx|(?<![\w/])config\/[a-z-]+\.(yaml|json|db)|(?<![\w/])\.venfleet\//g;

export function asInstalled(source: string): string {
  return INSTALLED.reduce((text, [from, to]) => text.replaceAll(from, to), source);
}
