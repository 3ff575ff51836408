// Runs the browser tests one file at a time, because each takes most of a small machine:
//
//   node e2e/run.mjs [two seven ...]
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2).map((name) => `${name.replace(/\.test\.mjs$/, '')}.test.mjs`);
const files = (wanted.length > 0 ? wanted : readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort())
  .map((name) => join(folder, name));

run({ files, concurrency: 1 })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(new spec())
  .pipe(process.stdout);
