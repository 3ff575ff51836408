// How long a command waits for kubectl, and how long it works for itself. A script stands before the real kubectl in
// the PATH; the requests to `kubectl proxy` go through this process, which sees when each begins and ends. It counts a
// little too much as a command's own: about 2 ms for any program's start, and as much for the shell before each kubectl.
//
//   const meter = startMeter('/usr/bin/kubectl');
//   const { total, kubectl, own, processes } = await meter.run(['waaft', 'status'], { env });
//   meter.close();
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { Agent, createServer, request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const now = () => Number(process.hrtime.bigint()) / 1e6;

// The length of what is covered by [begin, end] pairs.
function covered(spans) {
  let [sum, until] = [0, -Infinity];
  for (const [begin, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    sum += Math.max(0, end - Math.max(begin, until));
    until = Math.max(until, end);
  }
  return sum;
}

// `$socket` is the last argument of `kubectl ... proxy --unix-socket PATH`; the answer says that somebody listens there.
const script = (real, folder) => `#!/bin/sh
for socket; do :; done
case "$*" in
*" proxy --unix-socket "*)
  echo "$socket" >${folder}/asked
  read ready <${folder}/ready
  exec ${real} "$@".real ;;
*)
  echo begins >${folder}/asked
  read ready <${folder}/ready
  ${real} "$@"
  code=$?
  echo ends >${folder}/asked
  exit $code ;;
esac
`;

export function startMeter(real) {
  const folder = mkdtempSync(join(tmpdir(), 'waaft-meter-'));
  for (const name of ['asked', 'ready']) execFileSync('mkfifo', [join(folder, name)]);
  // Both ends stay open, so that a reader waits for the next program instead of an end.
  const keep = [openSync(join(folder, 'asked'), 'r+'), openSync(join(folder, 'ready'), 'r+')];
  writeFileSync(join(folder, 'kubectl'), script(real, folder), { mode: 0o755 });
  let [spans, processes, servers] = [[], 0, []];

  // Until the real one listens, the command waits for it.
  function awaitProxy(socket) {
    const span = [now(), Infinity];
    spans.push(span);
    const timer = setInterval(() => {
      if (!existsSync(`${socket}.real`)) return;
      span[1] = now();
      clearInterval(timer);
    }, 1);
  }

  function relay(socket, listening) {
    const agent = new Agent({ keepAlive: true });
    const server = createServer((request, response) => {
      const span = [now(), Infinity];
      spans.push(span);
      response.on('close', () => { span[1] = Math.min(span[1], now()); });
      const onward = ask({ socketPath: `${socket}.real`, agent, path: request.url, method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        answer.on('end', () => { span[1] = now(); });
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    server.listen(socket, listening);
    servers.push(server);
  }

  const stream = createReadStream('', { fd: openSync(join(folder, 'asked'), 'r') });
  const lines = createInterface({ input: stream });
  let alone;  // of a kubectl that is no proxy; a command runs one at a time
  lines.on('line', (line) => {
    const go = () => writeSync(keep[1], 'ready\n');
    if (line === 'ends') {
      alone[1] = now();
      return;
    }
    processes += 1;
    if (line === 'begins') {
      alone = [now(), Infinity];
      spans.push(alone);
      go();
    } else {
      relay(line, () => { awaitProxy(line); go(); });
    }
  });

  return {
    async run(argv, { env = {}, cwd } = {}) {
      [spans, processes] = [[], 0];
      const begin = now();
      const child = spawn(argv[0], argv.slice(1), { cwd, env: { ...process.env, ...env, PATH: `${folder}:${env.PATH ?? process.env.PATH}` }, stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (text) => { said += text; });
      const code = await new Promise((resolve) => { child.on('close', resolve); });
      const end = now();
      for (const server of servers.splice(0)) server.close().closeAllConnections();
      if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}: ${said}`);
      const kubectl = covered(spans.map(([from, to]) => [from, Math.min(to, end)]));
      return { total: end - begin, kubectl, own: end - begin - kubectl, processes };
    },
    close() {
      lines.close();
      stream.on('close', () => {
        for (const each of keep) closeSync(each);
        rmSync(folder, { recursive: true });
      });
      stream.destroy();
      writeSync(keep[0], '\n');  // else its last read would never end
    },
  };
}
