import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../harness/processes.ts'
import { until } from '../harness/until.ts'

/** Where somebody has installed the package, and nothing else. */
let installed: string
let bin: string
const nodes: Record<string, string> = { '24, of the checkout': process.execPath }

/** The package of Node itself that has no install script. */
const nodePackage = `node-${process.platform}-${process.arch}`

/** An environment in which `npm` runs under the Node of the checkout. */
const environment = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` }
const execute = promisify(execFile)
const install = (directory: string, what: string) =>
  execute('npm', ['install', '--prefix', directory, '--no-audit', '--no-fund', what], {
    cwd: directory,
    env: environment,
  })

const directories: string[] = []
const newDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-package-'))
  directories.push(directory)
  return directory
}
afterAll(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true })
})

/** Gets the binary of another version of Node. */
const getNode = async (major: number): Promise<void> => {
  const directory = newDirectory()
  await install(directory, `${nodePackage}@${major}`)
  nodes[`${major}`] = path.join(directory, 'node_modules', nodePackage, 'bin/node')
}

/** Packs, and installs what comes out in an empty directory. */
const getPackage = async (): Promise<void> => {
  const { stdout } = await execute(process.execPath, [path.join(root, 'scripts/pack.mjs')])
  installed = newDirectory()
  await install(installed, stdout.trim().split('\n').at(-1)!)
  bin = path.join(installed, 'node_modules/.bin/foreman')
}

beforeAll(() => Promise.all([getPackage(), getNode(22), getNode(12)]))

const run = (node: string, ...args: string[]) =>
  spawnSync(nodes[node]!, [bin, ...args], { encoding: 'utf8', cwd: installed })

const start = async (node: string) => {
  const cwd = newDirectory()
  const child = spawn(nodes[node]!, [bin, 'start', '--addr', '127.0.0.1:0', '--min-free', '0'], {
    cwd,
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += String(text)))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exit
  })
  const url = () => /foreman: listening on (\S+), try:/.exec(output)?.[1]
  await until(url, 30_000)
  return { url: url()!, output: () => output }
}

describe.each(['24, of the checkout', '22'])('on Node %s', node => {
  test('`foreman start` runs jobs, serves the page, and loads what it loads late', async () => {
    const { url, output } = await start(node)
    const body = JSON.stringify({ model: 'plain', prompt: 'hi', stream: false })
    const answer = await fetch(`${url}/api/generate`, { method: 'POST', body })
    expect(await answer.json()).toMatchObject({ done: true })
    for (const route of ['/jobs', '/queue', '/openapi.json', '/metrics'])
      expect([route, (await fetch(url + route)).status]).toEqual([route, 200])
    const page = await (await fetch(`${url}/dashboard/`)).text()
    const [asset] = /assets\/[\w-]+\.js/.exec(page)!
    expect((await fetch(`${url}/dashboard/${asset}`)).status).toBe(200)
    expect(run(node, 'status', '--url', url)).toMatchObject({ status: 0, stderr: '' })
    expect(output()).not.toMatch(/warning/i)
  })

  test('`foreman --help` lists the commands', () => {
    const help = run(node, '--help')
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toContain('foreman start')
  })
})

test('an older Node is told so in one line', () => {
  expect(run('12', 'start')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^foreman: Node 22\.18 or later is needed, this is v12\.\d+\.\d+\n$/,
    ) as string,
  })
})

test('it is one package: nothing runs when it is installed, and nothing of ours is looked for elsewhere', () => {
  const folder = path.join(installed, 'node_modules/ollama-foreman')
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly scripts?: object
    readonly dependencies: Readonly<Record<string, string>>
  }
  expect(manifest.scripts).toBeUndefined()
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    expect(name).not.toMatch(/^@foreman/)
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  }
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  expect(files.filter(file => /\.tsx?$|\.test\./.test(file))).toEqual([])
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md']))
})
