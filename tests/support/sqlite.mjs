// Another process that looks into a server's database or holds it, as an operator with sqlite3 would: python3's module.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { endAfter, endProcess } from './cleanup.mjs';
import { lineOf } from './lines.mjs';
import { within } from './wait.mjs';

const rowsOf = `
import json, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    print(json.dumps(database.execute(sys.argv[2], json.loads(sys.argv[3])).fetchall()))`;
const hold = `
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()`;

// Runs one statement and gives its rows.
export async function sql(file, statement, ...values) {
  const { stdout } = await promisify(execFile)('python3', ['-c', rowsOf, file, statement, JSON.stringify(values)]);
  return JSON.parse(stdout);
}

// Nobody else can write until what it returns was called.
export async function holdDatabase(t, file) {
  const holder = endAfter(t, 'who holds the database', spawn('python3', ['-c', hold, file]));
  await within(lineOf(holder.stdout, (line) => line === 'held', 'it was held'), 'the database is held');
  return () => endProcess(holder);
}
