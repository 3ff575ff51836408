// Hands a registry on, and blobs below 4 MB at so many bytes a second; a program of its own, for the node's network:
//   node slow_registry.mjs http://127.0.0.1:5000 40000
// Prints its address, host:port, and ends with its standard input.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [behind, rate] = [process.argv[2], Number(process.argv[3])];
const small = 4e6;  // the program itself is above, and is not what is slow here

async function hand(request, response) {
  const { host: ignored, ...headers } = request.headers;
  const answer = await fetch(behind + request.url, { method: request.method, headers });
  const slow = request.url.includes('/blobs/') && Number(answer.headers.get('content-length')) < small;
  const passed = ['content-type', 'content-length', 'docker-content-digest', 'docker-distribution-api-version'];
  response.writeHead(answer.status, Object.fromEntries(passed.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name)]] : []))));
  const bytes = request.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(await answer.arrayBuffer());
  for (let at = 0; slow && at < bytes.length; at += rate) {
    response.write(bytes.subarray(at, at + rate));
    await sleep(1000);
  }
  response.end(slow ? undefined : bytes);
}

const server = createServer((request, response) => {
  hand(request, response).catch((error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
