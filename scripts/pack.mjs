// Makes the package `ollama-foreman` for npm: one tarball with the command, both processes and all packages of ours as JavaScript, with
// the page, and with the packages of others as pinned dependencies. Nothing runs when it is installed.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { folderOf } from './packages.mjs'

const root = path.join(import.meta.dirname, '..')
const built = path.join(root, 'build')
const packed = path.join(built, 'npm')

const NAME = 'ollama-foreman'
/** The first Node 22 that has everything that foreman uses. Its better-sqlite3 brings its binaries with it. */
const NODE = { major: 22, minor: 18 }

const readJson = file => JSON.parse(fs.readFileSync(file, 'utf8'))
const manifestOf = folder => readJson(path.join(root, folder, 'package.json'))

/** The folders of what the command imports, and the packages of others that they need. */
const contents = () => {
  const [folders, dependencies] = [new Set([folderOf('@foreman/cli')]), {}]
  for (const folder of folders) {
    for (const [name, version] of Object.entries(manifestOf(folder).dependencies ?? {})) {
      if (version.startsWith('workspace:')) folders.add(folderOf(name))
      else if (version !== (dependencies[name] ??= version)) throw new Error(`two versions of ${name}`)
    }
  }
  return { folders: [...folders], dependencies }
}

/** The file that a specifier such as `@foreman/store/testing` means, in the package. */
const fileOf = specifier => {
  const [scope, name, ...rest] = specifier.split('/')
  const folder = folderOf(`${scope}/${name}`)
  const asked = ['.', ...rest].join('/')
  for (const [key, target] of Object.entries(manifestOf(folder).exports)) {
    const file = typeof target === 'string' ? target : target['@foreman/source']
    const [before, after] = key.split('*')
    if (key !== asked && (after === undefined || !asked.startsWith(before))) continue
    return path.join(folder, file.replace('*', asked.slice(before.length)).replace(/\.ts$/, '.js'))
  }
  throw new Error(`${specifier} is no export`)
}

/**
 * Copies a file. Packages of ours are imported by their paths: under their names, which nobody has registered, an installer could
 * look for them elsewhere.
 */
const copy = file => {
  const to = path.join(packed, file)
  fs.mkdirSync(path.dirname(to), { recursive: true })
  if (!file.endsWith('.js')) return fs.copyFileSync(path.join(built, file), to)
  const relative = specifier => {
    const found = path.relative(path.dirname(file), fileOf(specifier))
    return found.startsWith('.') ? found : `./${found}`
  }
  const text = fs
    .readFileSync(path.join(built, file), 'utf8')
    .replaceAll(
      /(['"])(@foreman\/(?!source)[\w/-]+)\1/g,
      (_, quote, found) => quote + relative(found) + quote,
    )
  fs.writeFileSync(to, text)
}

/** An older Node would stop at syntax or a function that it does not know. This file is one that it can read. */
const BIN = `#!/usr/bin/env node
'use strict'
var version = process.versions.node.split('.').map(Number)
if (version[0] < ${NODE.major} || (version[0] === ${NODE.major} && version[1] < ${NODE.minor})) {
  console.error('foreman: Node ${NODE.major}.${NODE.minor} or later is needed, this is ' + process.version)
  process.exitCode = 2
} else import('../apps/cli/src/main.js')
`

execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
const { folders, dependencies } = contents()
for (const folder of folders) {
  for (const file of fs.readdirSync(path.join(built, folder, 'src'), { recursive: true }))
    if (fs.statSync(path.join(built, folder, 'src', file)).isFile()) copy(path.join(folder, 'src', file))
  const { name, version, type } = manifestOf(folder)
  fs.writeFileSync(
    path.join(packed, folder, 'package.json'),
    JSON.stringify({ name, version, type, private: true }),
  )
}
const page = 'apps/dashboard/dist'
fs.cpSync(path.join(built, page), path.join(packed, page), {
  recursive: true,
  filter: file => !path.basename(file).startsWith('.'),
})
fs.mkdirSync(path.join(packed, 'bin'))
fs.writeFileSync(path.join(packed, 'bin/foreman.cjs'), BIN, { mode: 0o755 })
for (const file of ['README.md', 'LICENSE']) fs.copyFileSync(path.join(root, file), path.join(packed, file))
const { version, description, license, repository } = readJson(path.join(root, 'package.json'))
const manifest = {
  name: NAME,
  version,
  description,
  license,
  ...(repository && { repository }),
  type: 'module',
  bin: { foreman: 'bin/foreman.cjs', [NAME]: 'bin/foreman.cjs' },
  files: ['apps', 'packages', 'bin'],
  dependencies: Object.fromEntries(Object.entries(dependencies).toSorted(([a], [b]) => a.localeCompare(b))),
  engines: { node: `>=${NODE.major}.${NODE.minor}` },
}
fs.writeFileSync(path.join(packed, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
const [{ filename }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--pack-destination', built], { cwd: packed, encoding: 'utf8' }),
)
// Nothing that looks at the checkout takes it for a part of it.
fs.rmSync(packed, { recursive: true })
console.log(path.join(built, filename))
