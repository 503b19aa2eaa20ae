import dockerignore from '@balena/dockerignore'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { read } from '../harness/documents.ts'
import { root } from '../harness/processes.ts'

/** What the Dockerfile copies from the checkout. */
const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)]
  .flatMap(([, sources = '']) => sources.split(' '))
  .filter(source => !source.startsWith('<<'))

const ignored = dockerignore.default().add(read('.dockerignore'))

/** Of a directory, one file of each package in it. */
const filesOf = (source: string): string[] =>
  fs.statSync(path.join(root, source)).isFile()
    ? [source]
    : fs.readdirSync(path.join(root, source)).map(name => path.join(source, name, 'package.json'))

test('the build of the image gets all that the Dockerfile copies', () => {
  const files = copied.flatMap(filesOf)
  expect(files).toContain('scripts/build.mjs')
  expect(files).toContain('apps/gateway/package.json')
  expect(files.filter(file => ignored.ignores(file))).toEqual([])
})

test('the build of the image has what its scripts import', () => {
  const scripts = copied.filter(source => source.endsWith('.mjs'))
  const imported = scripts.flatMap(script =>
    [...read(script).matchAll(/from '(\.\.?\/[^']+)'/g)].map(([, to = '']) =>
      path.join(path.dirname(script), to),
    ),
  )
  expect(scripts).toEqual(expect.arrayContaining(imported))
})
