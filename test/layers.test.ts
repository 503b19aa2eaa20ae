import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { files, read } from './harness/documents.ts'
import { type Import, importsIn, ownPackage } from './harness/imports.ts'

/** An app may import every package but the client for foreman and the simulator. */
const PACKAGES_OF_APPS = [
  'packages/jobs',
  'packages/webhooks',
  'packages/ollama-client',
  'packages/scheduling',
  'packages/experience',
  'packages/store',
  'packages/job-view',
  'packages/process',
]

/**
 * Which packages of ours each package may import, from the bottom to the top: a package only imports what is above it in
 * this table. A new package needs a row.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'packages/jobs': [],
  'packages/webhooks': [],
  'packages/ollama-client': [],
  'packages/scheduling': ['packages/jobs'],
  'packages/experience': ['packages/ollama-client', 'packages/scheduling'],
  'packages/store': ['packages/jobs', 'packages/scheduling'],
  'packages/foreman-client': ['packages/jobs', 'packages/ollama-client'],
  'packages/job-view': ['packages/jobs', 'packages/ollama-client', 'packages/store'],
  'packages/process': ['packages/webhooks'],
  'packages/ollama-sim': ['packages/process'],
  'apps/gateway': PACKAGES_OF_APPS,
  'apps/worker': PACKAGES_OF_APPS,
  // The command starts the others. Of what they are made of, only what reads the file without them is its own.
  'apps/cli': [
    'packages/jobs',
    'packages/webhooks',
    'packages/ollama-client',
    'packages/store',
    'packages/foreman-client',
    'packages/process',
    'packages/ollama-sim',
    'apps/gateway',
    'apps/worker',
  ],
  // Runs in a browser, and knows the HTTP API alone.
  'apps/dashboard': ['packages/jobs'],
}

/** Packages that run anywhere: they import no Node module and no package of others. */
const PURE = ['packages/jobs', 'packages/scheduling']

/** The rooms of the gateway, from the bottom to the top: a room only imports itself and the rooms before it. */
const GATEWAY_ROOMS = [
  'http',
  'access',
  'direct',
  'intake',
  'steering',
  'forecast',
  'answer',
  'jobs',
  'bulk',
  'openai',
  'generate',
  'health',
  'overview',
  'dashboard',
]

/** Files beside the gateway's rooms from which a room may import. From the context it only needs types. */
const GATEWAY_SHARED = ['context.ts']

/** Files beside the worker's rooms that build and drive the rooms. No room imports them. */
const WORKER_TOP = ['main.ts', 'context.ts', 'worker.ts', 'shift.ts', 'dispatcher.ts', 'standby.ts']

const show = ({ from, to }: Import): string => `${from} imports ${to}`
const namesOf = (folders: readonly string[]): string => folders.map(folder => folder.split('/')[1]).join(', ')
const layers = Object.entries(LAYERS).map(([folder, allowed]) => ({
  folder,
  allowed,
  what: allowed.length === 0 ? 'no package of ours' : `only ${namesOf(allowed)}`,
}))

const gatewayRooms = GATEWAY_ROOMS.map((room, at) => {
  const lower = GATEWAY_ROOMS.slice(0, at)
  return { room, lower, what: at === 0 ? 'no other room' : `no rooms but ${lower.join(', ')}` }
})

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
}

describe('packages', () => {
  test('all stand in the table, and each row names only rows above it', () => {
    const folders = files('{apps,packages}/*/package.json').map(file => path.posix.dirname(file))
    expect(Object.keys(LAYERS).toSorted()).toEqual(folders.toSorted())
    const rows = Object.keys(LAYERS)
    for (const [folder, allowed] of Object.entries(LAYERS))
      expect(rows.slice(0, rows.indexOf(folder))).toEqual(expect.arrayContaining([...allowed]))
  })

  test.each(layers)('$folder imports $what', ({ folder, allowed }) => {
    const wrong = importsIn(`${folder}/src`).filter(({ to }) => {
      const other = ownPackage(to)
      return other !== undefined && other !== folder && !allowed.includes(other)
    })
    expect(wrong.map(show)).toEqual([])
  })

  test.each(layers)('$folder declares the packages of ours that it imports, and no others', ({ folder }) => {
    const manifest = JSON.parse(read(`${folder}/package.json`)) as Manifest
    const declared = Object.keys(manifest.dependencies ?? {}).flatMap(name => ownPackage(name) ?? [])
    const imported = new Set(importsIn(`${folder}/src`).flatMap(({ to }) => ownPackage(to) ?? []))
    expect(declared.toSorted()).toEqual([...imported].toSorted())
  })

  test.each(layers)('$folder imports no file of another folder', ({ folder }) => {
    const wrong = importsIn(`${folder}/src`).filter(
      ({ to, isFile }) => isFile && !to.startsWith(`${folder}/`),
    )
    expect(wrong.map(show)).toEqual([])
  })

  test.each(PURE)('%s runs anywhere: it imports no Node module and no package of others', folder => {
    const wrong = importsIn(`${folder}/src`).filter(
      ({ to, isFile }) => !isFile && !to.startsWith('@foreman/'),
    )
    expect(wrong.map(show)).toEqual([])
  })
})

/** The room of a file of an app: the name of its folder below src; undefined for the files beside the rooms. */
const roomOf = (app: string, file: string): string | undefined => {
  const [room, ...below] = path.posix.relative(`${app}/src`, file).split('/')
  return below.length > 0 && room !== '..' ? room : undefined
}

const isBeside = (app: string, file: string): boolean => path.posix.dirname(file) === `${app}/src`

describe('the rooms of the gateway', () => {
  const app = 'apps/gateway'
  const imports = importsIn(`${app}/src`)

  test('all stand in the table', () => {
    const rooms = new Set(imports.flatMap(({ from }) => roomOf(app, from) ?? []))
    expect([...rooms].toSorted()).toEqual(GATEWAY_ROOMS.toSorted())
  })

  test.each(gatewayRooms)('$room imports $what', ({ room, lower }) => {
    const wrong = imports
      .filter(({ from }) => roomOf(app, from) === room)
      .filter(({ to }) => ![undefined, room, ...lower].includes(roomOf(app, to)))
      .map(show)
    expect(wrong).toEqual([])
  })

  test(`import nothing beside them but ${GATEWAY_SHARED.join(' and ')}, and those only as types`, () => {
    const wrong = imports
      .filter(({ from, to }) => roomOf(app, from) !== undefined && isBeside(app, to))
      .filter(({ to, isTypeOnly }) => !isTypeOnly || !GATEWAY_SHARED.includes(path.posix.basename(to)))
    expect(wrong.map(show)).toEqual([])
  })
})

describe('the rooms of the worker', () => {
  const app = 'apps/worker'
  const imports = importsIn(`${app}/src`)
  const ofRooms = imports.filter(({ from }) => roomOf(app, from) !== undefined)

  test(`do not import ${WORKER_TOP.join(', ')}`, () => {
    const wrong = ofRooms.filter(
      ({ to }) => isBeside(app, to) && WORKER_TOP.includes(path.posix.basename(to)),
    )
    expect(wrong.map(show)).toEqual([])
  })

  test('do not import each other in a circle', () => {
    const arrows = new Map<string, Set<string>>()
    for (const { from, to } of ofRooms) {
      const [room, other] = [roomOf(app, from)!, roomOf(app, to)]
      if (!arrows.has(room)) arrows.set(room, new Set())
      if (other !== undefined && other !== room) arrows.get(room)!.add(other)
    }
    // Takes away the rooms that import none of those that are left, until only circles remain.
    for (let isSmaller = true; isSmaller;) {
      const free = [...arrows].filter(([, others]) => [...others].every(other => !arrows.has(other)))
      for (const [room] of free) arrows.delete(room)
      isSmaller = free.length > 0
    }
    expect([...arrows.keys()]).toEqual([])
  })
})
