// Holds what a command prints with `--output json` against its schema in docs/schemas.
import assert from 'node:assert/strict';
import Ajv from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ajv = new Ajv({ strict: false, allErrors: true });
const known = new Map();

const fileOf = (command) => fileURLToPath(new URL(`../../docs/schemas/waaft.${command}-1.json`, import.meta.url));

function validator(command) {
  if (!known.has(command)) known.set(command, ajv.compile(JSON.parse(readFileSync(fileOf(command), 'utf8'))));
  return known.get(command);
}

// The object that `text` is: one line, as the schema of `command` promises.
export function agrees(command, text) {
  assert.equal(text.trim().split('\n').length, 1, `${command}: more than one line: ${text}`);
  const object = JSON.parse(text);
  const valid = validator(command);
  assert.ok(valid(object), `${command}: ${JSON.stringify(valid.errors, null, 1)}\n${text}`);
  return object;
}

// The same of whatever `waaft ARGS` printed, if it was asked for JSON and has a schema; a watch prints an object a line.
export function held(args, text) {
  const asked = args.includes('--output=json') || args[args.indexOf('--output') + 1] === 'json';
  if (!asked || !existsSync(fileOf(args[0]))) return;
  for (const line of text.split('\n')) if (line !== '') agrees(args[0], line);
}
