// Two network namespaces joined by a cable (veth), so that packets can be lost for real. Needs root.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cleanUp } from './cleanup.mjs';

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });

// Why it cannot be done here, or false.
export function whyNoNamespaces() {
  if (process.getuid() !== 0) return 'only root can make network namespaces';
  const probe = `waaft-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', probe], { stdio: 'ignore' }).status === 0;
  const drops = made && spawnSync('ip', ['netns', 'exec', probe, 'iptables', '-A', 'INPUT', '-j', 'DROP'], { stdio: 'ignore' }).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', probe], { stdio: 'ignore' });
  if (!made) return 'network namespaces are not permitted here';
  return drops ? false : 'iptables cannot be used in a network namespace here';
}

export class Namespace {
  constructor(name) {
    this.name = name;
    this.prefix = ['ip', 'netns', 'exec', name];
  }
  run(...command) { return execFileSync('ip', ['netns', 'exec', this.name, ...command]).toString(); }
  spawn(...command) { return spawn('ip', ['netns', 'exec', this.name, ...command], { stdio: ['ignore', 'pipe', 'inherit'] }); }
  // From now on nothing arrives and nothing leaves.
  loseEverything() {
    for (const chain of ['INPUT', 'OUTPUT']) this.run('iptables', '-I', chain, '-j', 'DROP');
  }
}

export function addNamespace(t, name) {
  ip('netns', 'add', name);
  cleanUp(t, `the network namespace ${name}`, () => ip('netns', 'del', name));
}

// Two of them, with the addresses 10.231.0.1 and 10.231.0.2.
export function joinedNamespaces(t) {
  const pair = [1, 2].map((n) => new Namespace(`waaft-${process.pid}-${n}`));
  for (const { name } of pair) addNamespace(t, name);
  const [a, b] = pair;
  ip('link', 'add', 'cable', 'netns', a.name, 'type', 'veth', 'peer', 'name', 'cable', 'netns', b.name);
  pair.forEach((one, i) => {
    ip('-n', one.name, 'address', 'add', `10.231.0.${i + 1}/24`, 'dev', 'cable');
    for (const device of ['lo', 'cable']) ip('-n', one.name, 'link', 'set', device, 'up');
  });
  return pair;
}

export const farClient = fileURLToPath(new URL('./far_client.mjs', import.meta.url));
