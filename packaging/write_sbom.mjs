// Writes the bill of materials of dist/ as SPDX 2.3: node packaging/write_sbom.mjs ARCHIVE-FOLDER OUTPUT COMMIT PACKAGES
// PACKAGES are the Debian packages whose code is compiled into the program. Of the libraries it names what dpkg knows,
// of the page's modules what web/dist/licenses.txt says, of every file of the archive its sums. The same for the same
// commit: times are the commit's (SOURCE_DATE_EPOCH). Source: https://spdx.github.io/spdx-spec/v2.3/
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const [root, output, commit, compiledIn] = process.argv.slice(2);
const name = basename(root);
const [, version, architecture] = /^waaft-(.*)-linux-(.*)$/.exec(name);
const none = 'NOASSERTION';
const sum = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');
const idOf = (text) => `SPDXRef-${text.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`;
const checksumsOf = (bytes) =>
  ['SHA1', 'SHA256'].map((algorithm) => ({ algorithm, checksumValue: sum(algorithm.toLowerCase(), bytes) }));

// "debian-12": the release that the packages are of.
function distribution() {
  const text = readFileSync('/etc/os-release', 'utf8');
  const value = (key) => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  return `${value('ID')}-${value('VERSION_ID')}`;
}

function packageOf(id, fields) {
  return {
    SPDXID: idOf(id), downloadLocation: none, filesAnalyzed: false, licenseConcluded: none, licenseDeclared: none,
    copyrightText: none, ...fields,
  };
}

const reference = (locator) => [
  { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator },
];

function debianPackage({ Package, Version, Architecture, Source }) {
  const encoded = Version.split('').map((c) => (/[A-Za-z0-9.~-]/.test(c) ? c : encodeURIComponent(c))).join('');
  return packageOf(`deb-${Package}`, {
    name: Package, versionInfo: Version, supplier: 'Organization: Debian', sourceInfo: `built from Debian's ${Source}`,
    comment: `its copyright is in usr/share/doc/${Package}/copyright or in usr/share/doc/waaft/copyright`,
    externalRefs: reference(`pkg:deb/debian/${Package}@${encoded}?arch=${Architecture}&distro=${distribution()}`),
  });
}

// Stanzas of "Key: value".
function stanzas(text) {
  return text.trim().split('\n\n').map((stanza) =>
    Object.fromEntries(stanza.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))));
}

function installedPackages(names) {
  if (names.length === 0) return [];
  const format = ['Package', 'Version', 'Architecture'].map((key) => `${key}: \${${key}}\n`).join('') + 'Source: ${source:Package}\n\n';
  return stanzas(execFileSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8' }));
}

function npmModules() {
  const text = readFileSync('web/dist/licenses.txt', 'utf8');
  return [...text.matchAll(/^==== (\S+) (\S+) \((.+)\)$/gm)].map(([, module, moduleVersion, license]) =>
    packageOf(`npm-${module}`, {
      name: module, versionInfo: moduleVersion, supplier: none, licenseDeclared: license,
      externalRefs: reference(`pkg:npm/${module.replace('@', '%40')}@${moduleVersion}`),
    }));
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  }).sort();
}

function fileOf(path) {
  const place = relative(root, path);
  const bytes = readFileSync(path);
  const binary = bytes.subarray(0, 4).equals(Buffer.from('\x7fELF'));
  return {
    SPDXID: idOf(`file-${sum('sha1', place).slice(0, 8)}-${basename(place)}`), fileName: `./${place}`,
    fileTypes: [binary ? 'BINARY' : 'TEXT'], checksums: checksumsOf(bytes), licenseConcluded: none,
    licenseInfoInFiles: [none], copyrightText: none,
  };
}

// Section 7.9: the sum of the sorted sums.
const verificationCode = (files) => ({
  packageVerificationCodeValue: sum('sha1', files.map((file) => file.checksums[0].checksumValue).sort().join('')),
});

function artifact(file, fields = {}) {
  return packageOf(`dist-${file}`, {
    name: file, versionInfo: version, supplier: 'Organization: The waaft authors', packageFileName: file,
    checksums: checksumsOf(readFileSync(join(dirname(output), file))), ...fields,
  });
}

const program = packageOf('waaft', {
  name: 'waaft', versionInfo: version, supplier: 'Organization: The waaft authors', licenseConcluded: none,
  licenseDeclared: 'Apache-2.0', sourceInfo: `commit ${commit}`, primaryPackagePurpose: 'APPLICATION',
});
const loaded = stanzas(readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8')).map(debianPackage);
const compiled = installedPackages(compiledIn.trim().split(/\s+/)).map(debianPackage);
const modules = npmModules();
const files = filesBelow(root).map(fileOf);
const archive = artifact(`${name}.tar.gz`, {
  filesAnalyzed: true, packageVerificationCode: verificationCode(files), licenseInfoFromFiles: [none],
  hasFiles: files.map((file) => file.SPDXID),
});
const others = readdirSync(dirname(output)).filter((file) => /\.(deb|oci\.tar)$/.test(file)).sort().map((file) => artifact(file));

const relations = [];
const relate = (from, type, to) =>
  relations.push({ spdxElementId: from.SPDXID, relationshipType: type, relatedSpdxElement: to.SPDXID });
for (const each of [archive, ...others]) {
  relate({ SPDXID: 'SPDXRef-DOCUMENT' }, 'DESCRIBES', each);
  relate(each, 'CONTAINS', program);
}
for (const each of loaded) relate(archive, 'CONTAINS', each);
for (const each of compiled) relate(program, 'STATIC_LINK', each);
for (const each of modules) relate(program, 'CONTAINS', each);

const document = {
  spdxVersion: 'SPDX-2.3',
  dataLicense: 'CC0-1.0',
  SPDXID: 'SPDXRef-DOCUMENT',
  name,
  documentNamespace: `https://spdx.org/spdxdocs/${name}-${commit}`,
  creationInfo: {
    created: new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString().replace('.000Z', 'Z'),
    creators: [`Tool: waaft-write-sbom-${version}`, 'Organization: The waaft authors'],
  },
  packages: [archive, ...others, program, ...loaded, ...compiled, ...modules],
  files,
  relationships: relations,
};
writeFileSync(output, `${JSON.stringify(document, null, 1)}\n`);
