// What a program says, line by line: a line may arrive in two pieces, and two in one.

// Calls `take` with each complete line of `stream`.
export function eachLine(stream, take) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) take(line);
  });
}

// Sends a signal, once, when `enough` holds of all that the stream has said so far. Whoever looks at what was said must
// ask here for the end of it: after the signal nothing more may come.
export function signalWhen(child, stream, enough, name = 'SIGINT') {
  let said = '';
  const look = (text) => {
    said += text;
    if (!enough(said)) return;
    stream.off('data', look);
    child.kill(name);
  };
  stream.setEncoding('utf8').on('data', look);
}

// Resolves with the first line that fits, now or later; rejects if the stream ends without one. Call it when the program
// is started: what was said before is not heard.
export function lineOf(stream, fits, what) {
  return new Promise((resolve, reject) => {
    eachLine(stream, (line) => { if (fits(line)) resolve(line); });
    stream.once('end', () => reject(new Error(`the output ended before ${what}`)));
  });
}
