// Fetches a page twice a second, each time over a new connection, until its standard input ends; then prints
// {"fetched": 120, "failed": ["..."]}. Runs as a program of its own, on the machine outside of the cluster.
import { request } from 'node:https';

const url = process.argv[2];
const result = { fetched: 0, failed: [] };

function fetchOnce() {
  return new Promise((resolve) => {
    const fail = (why) => { result.failed.push(`${new Date().toISOString()} ${why}`); resolve(); };
    const sent = request(url, { agent: false, rejectUnauthorized: false, timeout: 10_000 }, (answer) => {
      answer.on('error', (error) => fail(error.message));
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : fail(`status ${answer.statusCode}`)));
      answer.resume();
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 10 s')));
    sent.on('error', (error) => fail(error.message));
    sent.end();
  });
}

let ended = false;
process.stdin.on('end', () => { ended = true; }).resume();
while (!ended) {
  result.fetched += 1;
  await Promise.all([fetchOnce(), new Promise((resolve) => setTimeout(resolve, 500))]);
}
console.log(JSON.stringify(result));
