// The table of README.md's section on reliability, made from what a run on a cluster saw.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './kit.mjs';

const begin = '<!-- cluster: begin (made by tests/cluster/reliability.test.mjs with WAAFT_WRITE_TABLE=1) -->';
const end = '<!-- cluster: end -->';

const seconds = (ms) => (ms / 1000).toFixed(1);
const picture = ({ freezes, frozenMs }) => (freezes === 0 ? '0' : `${freezes} (${seconds(frozenMs)} s)`);

const columns = [
  ['what befell it', ({ fault }) => fault],
  ['seconds', ({ ms }) => (ms / 1000).toFixed(0)],
  ['people', ({ people }) => people],
  ['acked', ({ account }) => account.acked],
  ['lost', ({ account }) => account.lost],
  ['doubled', ({ account }) => account.doubled],
  ['longest chat gap, s', ({ hit }) => seconds(hit.gapMs)],
  ['without it', ({ quiet }) => seconds(quiet.gapMs)],
  ['freezes', ({ hit }) => picture(hit)],
  ['without it', ({ quiet }) => picture(quiet)],
];

export function tableOf(rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(columns.map(([title]) => title)), line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row))))].join('\n');
}

export function writeTable(table) {
  const path = join(root, 'README.md');
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(from >= 0 && to > from, `${path} has no place for the table`);
  writeFileSync(path, `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`);
}
