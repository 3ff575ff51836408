// A kubectl with two contexts whose clusters are not reached, for what is said before any cluster is asked.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, temporaryFolder } from './server.mjs';

// What it is asked for is in the list.
const kubectl = `#!/bin/sh
case "$*" in
*"config view"*) echo '{"current-context":"one","contexts":[{"name":"one"},{"name":"two"}]}' ;;
*version*) echo '{"clientVersion":{"gitVersion":"v1.34.4"}}' ;;
*) echo "error: context \\"three\\" does not exist" >&2; exit 1 ;;
esac
`;

// Runs waaft in a folder of its own, which has `files`; `tool` stands for kubectl, null for none.
export function runWithKubectl(t, args, { tool = kubectl, files = {} } = {}) {
  const folder = temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  if (tool) writeFileSync(join(folder, 'kubectl'), tool, { mode: 0o755 });
  const PATH = tool ? `${folder}:/usr/bin:/bin` : folder;
  return spawnSync(binary, args, { cwd: folder, encoding: 'utf8', env: { PATH, HOME: folder } });
}
