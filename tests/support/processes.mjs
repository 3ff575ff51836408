// The processes that a file of tests has started, whoever is their parent by now: those of its session, those that have
// its mark in their environment, those that were once seen as its own, and the children of all these. Read from /proc.
import { readFileSync, readdirSync } from 'node:fs';

export const markName = 'WAAFT_TEST_MARK';

const nullIfGone = (read) => {
  try {
    return read();
  } catch {
    return null;  // it has ended, or belongs to somebody else
  }
};

// {pid, state, parent, session, id, command}; a pid is used again, an id is not.
function look(pid) {
  const stat = nullIfGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (!stat) return null;
  const nameEnd = stat.lastIndexOf(')');  // a name may have spaces and brackets
  const fields = stat.slice(nameEnd + 2).split(' ');
  const [state, parent, , session] = fields;
  const words = nullIfGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0').join(' ').trim();
  return { pid, state, parent: Number(parent), session: Number(session), id: `${pid} since ${fields[19]}`,
    command: words || stat.slice(stat.indexOf('('), nameEnd + 1) };
}

function hasMark(pid, mark) {
  const environment = nullIfGone(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '';
  return environment.split('\0').some((line) => line.startsWith(`${markName}=`) && line.includes(mark));
}

// What only waits to be reaped is not told. `seen` is a Set that the caller keeps for the next time.
export function processesOf({ session, mark, seen }) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => look(Number(name)))
    .filter((each) => each && each.state !== 'Z' && each.state !== 'X');
  const own = new Set(all.filter((each) => each.session === session || seen.has(each.id) || hasMark(each.pid, mark)).map(({ pid }) => pid));
  for (let before = -1; before !== own.size;) {
    before = own.size;
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid);
  }
  const found = all.filter(({ pid }) => own.has(pid));
  for (const { id } of found) seen.add(id);
  return found;
}

// It may have ended meanwhile; another user's stays, and is told as what cannot be ended.
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
