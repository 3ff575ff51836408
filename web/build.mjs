// Builds dist/: index.html, hashed assets, the licenses of the modules in them, and a .br and .gz beside each
// compressible file.
// With --test it compiles the unit tests for node instead.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const compressible = new Set(['.html', '.js', '.css', '.svg', '.webmanifest', '.txt']);
const bundleMax = 90 * 1024; // bytes, everything a first visit loads, as brotli

const common = {
  bundle: true,
  absWorkingDir: here,
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
};

async function compileTests() {
  const out = join(here, 'node_modules/.cache/waaft-test');
  await rm(out, { recursive: true, force: true });
  const names = (await readdir(join(here, 'test'))).filter((name) => name.endsWith('.test.ts'));
  await build({
    ...common,
    entryPoints: names.map((name) => join('test', name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node18',
    sourcemap: 'inline',
  });
}

async function bundleAssets() {
  const result = await build({
    ...common,
    entryPoints: { app: 'main.tsx' },
    outdir: 'dist/assets',
    entryNames: '[name]-[hash]',
    minify: true,
    legalComments: 'none',
    target: ['es2021', 'chrome100', 'firefox100', 'safari15.4'],
    metafile: true,
  });
  await writeFile(join(dist, 'licenses.txt'), await licensesOf(result.metafile));
  const files = Object.keys(result.metafile.outputs);
  const named = (end) => files.find((file) => file.endsWith(end)).replace('dist/', '/');
  return { '%APP_JS%': named('.js'), '%APP_CSS%': named('.css') };
}

// Of every module that has bytes in the bundle. The lines that begin with ==== are read again for the bill of materials.
async function licensesOf(metafile) {
  const names = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
      if (name && bytesInOutput > 0) names.add(name);
    }
  }
  const texts = await Promise.all([...names].sort().map(licenseOf));
  return `The web page has these modules in it:\n\n${texts.join('\n')}`;
}

// Some packages have no license file; what their sources say is then in licenses/.
async function licenseOf(name) {
  const folder = join(here, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).sort().find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  const text = await readFile(file ? join(folder, file) : join(here, 'licenses', `${name}.txt`), 'utf8');
  return `==== ${name} ${version} (${license})\n\n${text.trim()}\n`;
}

// Icons and the manifest get the hash of their content into their names, as the bundle has.
async function hashStatic(replacements) {
  const names = (await readdir(join(here, 'icons'))).sort((a, b) => manifestLast(a) - manifestLast(b));
  for (const name of names) {
    let bytes = await readFile(join(here, 'icons', name));
    if (name.endsWith('.webmanifest')) bytes = Buffer.from(replaceAll(bytes.toString('utf8'), replacements));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
    const end = extname(name);
    const target = `assets/${name.slice(0, -end.length)}-${hash}${end}`;
    await writeFile(join(dist, target), bytes);
    replacements[`%${name}%`] = `/${target}`;
  }
}

function manifestLast(name) {
  return name.endsWith('.webmanifest') ? 1 : 0;
}

function replaceAll(text, replacements) {
  return Object.entries(replacements).reduce((all, [from, to]) => all.replaceAll(from, to), text);
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

async function compressAll(folder) {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      total += await compressAll(path);
    } else if (compressible.has(extname(entry.name))) {
      const bytes = await readFile(path);
      const small = brotli(bytes);
      await writeFile(`${path}.br`, small);
      await writeFile(`${path}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
      total += small.length;
    }
  }
  return total;
}

async function buildPage() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(join(dist, 'assets'), { recursive: true });
  const replacements = await bundleAssets();
  await hashStatic(replacements);
  const html = replaceAll(await readFile(join(here, 'index.html'), 'utf8'), replacements);
  await writeFile(join(dist, 'index.html'), html);
  await cp(join(here, 'robots.txt'), join(dist, 'robots.txt'));
  const total = await compressAll(dist);
  console.log(`web: ${(total / 1024).toFixed(1)} KiB compressed`);
  if (total > bundleMax) throw new Error(`the page is over its ${bundleMax / 1024} KiB`);
}

await (process.argv.includes('--test') ? compileTests() : buildPage());
