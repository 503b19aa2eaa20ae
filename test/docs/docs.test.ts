import { gatewaySettings } from '@foreman/gateway/settings'
import { describeSettings, type SettingRow } from '@foreman/process'
import { workerSettings } from '@foreman/worker/settings'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, exists, files, firstWords, read, rows, section } from '../harness/documents.ts'

const code = (text: string): string => `\`${text}\``
const shownDefault = ({ required, default: fallback }: SettingRow): string =>
  required ? 'required' : fallback ? code(fallback) : 'none'

const tables = { gateway: describeSettings(gatewaySettings), worker: describeSettings(workerSettings) }
const settings = new Map([...tables.worker, ...tables.gateway].map(row => [row.env, row]))
const byName = (a: string[], b: string[]): number => (a[0]! < b[0]! ? -1 : 1)

describe('the settings', () => {
  test('stand in docs/configuration.md with their flags, defaults and processes', () => {
    const expected = [...settings.values()].map(row => {
      const processes = (['gateway', 'worker'] as const).filter(app =>
        tables[app].some(({ env }) => env === row.env),
      )
      return [code(row.env), code(row.flag), shownDefault(row), processes.join(', ')]
    })
    const written = rows(read('docs/configuration.md')).map(cells => cells.slice(0, 4))
    expect(written.toSorted(byName)).toEqual(expected.toSorted(byName))
  })

  test('that README shows have the defaults that it says', () => {
    const written = rows(read('README.md'))
    expect(written.length).toBeGreaterThan(0)
    for (const [name, fallback] of written) {
      const row = settings.get(name!.slice(1, -1))
      expect([name, row && shownDefault(row)]).toEqual([name, fallback])
    }
  })

  test('stand in .env.example, commented out with their defaults, the required ones first', () => {
    const lines = [...read('.env.example').matchAll(/^# (FOREMAN_\w+)=(.*)$/gm)]
    const written = lines.map(([, env, value]) => [env!, value!])
    const expected = [...settings.values()].map(row => [row.env, row.default ?? ''])
    expect(written.toSorted(byName)).toEqual(expected.toSorted(byName))
    const required = [...settings.values()].filter(row => row.required).map(({ env }) => env)
    expect(written.slice(0, required.length).map(([env]) => env)).toEqual(required)
    expect(read('.env.example')).not.toMatch(/^[^#\n]/m)
  })

  test('are the only ones that the documents name', () => {
    // Decisions and changes may speak of what is to come, or has been.
    const present = documents().filter(file => !/^(docs\/adr\/|CHANGELOG)/.test(file))
    const named = present.flatMap(
      file => read(file).match(/\bFOREMAN_(?!SIM_|TAIL_|BENCH_)[A-Z][A-Z_]*[A-Z]\b/g) ?? [],
    )
    const known = new Set([...settings.keys(), 'FOREMAN_PORT', 'FOREMAN_URL'])
    expect(named.filter(name => !known.has(name))).toEqual([])
  })
})

/** As GitHub makes them. */
const anchors = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('the documents', () => {
  test.each(documents())('%s links to what is there', file => {
    const text = read(file).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
    const isBroken = (link: string): boolean => {
      const [to = '', anchor] = link.split('#')
      const target = to === '' ? file : path.join(path.dirname(file), to)
      if (!exists(target)) return true
      return anchor !== undefined && !anchors(read(target)).includes(anchor)
    }
    const relative = links.filter(link => !/^[a-z]+:/.test(link))
    expect(relative.filter(isBroken)).toEqual([])
  })

  test('list every decision under its title', () => {
    const decisions = documents().flatMap(file => /^docs\/adr\/(\d.*)$/.exec(file)?.[1] ?? [])
    const listed = [...read('docs/adr/README.md').matchAll(/^\| \[(\d{4})\]\((\S+)\) \| (.+?) \|/gm)]
    expect(listed.map(([, , file]) => file!).toSorted()).toEqual(decisions.toSorted())
    for (const [, number, file, title] of listed) {
      expect(read(`docs/adr/${file}`).split('\n', 1)[0]).toBe(`# ${number} ${title}`)
      expect(file).toMatch(new RegExp(`^${number}-`))
    }
  })
})

describe('docs/architecture.md', () => {
  const architecture = read('docs/architecture.md')

  test('names every table of the file', () => {
    const migrations = files('packages/store/src/sqlite/migrations/*.sql').map(read).join('\n')
    // A migration that rebuilds a table calls the new one `__new_…` at first.
    const made = [...migrations.matchAll(/CREATE TABLE `(?!__new_)(\w+)`/g)].map(([, table]) => table!)
    const named = rows(section(architecture, '## What is in the file')).flatMap(([cell = '']) =>
      cell.split(', ').map(word => word.slice(1, -1)),
    )
    expect(named.toSorted()).toEqual(made.toSorted())
  })

  test('says what each part of the workspace is', () => {
    const parts = files('{apps,packages}/*/package.json').map(file => path.dirname(file))
    const told = firstWords(section(architecture, '## Folders')).filter(folder => folder.includes('/'))
    expect(told.toSorted()).toEqual(parts.toSorted())
  })
})
