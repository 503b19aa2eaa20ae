import fs from 'node:fs'
import path from 'node:path'
import type { Reporter, Vitest } from 'vitest/node'
import { cases, ESSENTIAL } from './cases.ts'

/** `better`: not without foreman. A link: not without foreman either, for the reason that stands there. */
export type Mark = 'ok' | 'better' | `[no](#${string})`

/** What became of one client in one case. */
interface Cell {
  readonly client: string
  readonly case: keyof typeof cases
  /** None as long as it has not gone well. */
  readonly mark?: Mark
}

declare module 'vitest' {
  interface TaskMeta {
    cell?: Cell
  }
}

const DOCUMENT = path.join(import.meta.dirname, '../../docs/clients.md')
/** Not a case for this client. */
const NONE = '–'
/** Two that only the printed tables have. */
const NOT_RUN = '?'
const FAILED = 'FAILED'

interface Table {
  readonly clients: readonly string[]
  readonly rows: readonly (keyof typeof cases)[]
}

const every = Object.keys(cases) as (keyof typeof cases)[]

/** As they stand side by side. */
const tables: Readonly<Record<string, Table>> = {
  native: {
    rows: every,
    clients: [
      'ollama',
      'Python ollama',
      '@langchain/ollama',
      'ai, ollama-ai-provider-v2',
      'ai, ai-sdk-ollama',
      'fetch',
      'curl',
    ],
  },
  others: {
    rows: every,
    clients: [
      'openai, chat',
      'openai, completions',
      'openai, responses',
      'Python openai',
      '@anthropic-ai/sdk',
    ],
  },
  frameworks: {
    rows: ESSENTIAL,
    clients: [
      'genkit',
      'LlamaIndex.ts',
      'LiteLLM',
      'LangChain, Python',
      'LlamaIndex, Python',
      'Pydantic AI',
      'Haystack',
      'codex',
      'Claude Code',
    ],
  },
}

type Marks = ReadonlyMap<string, string>

const key = (client: string, title: string): string => `${client}: ${title}`

const drawn = (rows: readonly string[][]): string => {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map(row => row[at]!.length)))
  const lines = rows.map(row => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

const tableOf = ({ clients, rows }: Table, mark: (client: string, title: string) => string): string => {
  const titles = rows.map(name => cases[name].title)
  return drawn([
    ['', ...clients],
    ...titles.map(title => [title, ...clients.map(client => mark(client, title))]),
  ])
}

/** The document with its tables as they should be: what has run as it ran, the rest as it stood. */
const renewed = (text: string, ran: Marks): string => {
  const stood = marksIn(text)
  const mark = (client: string, title: string) =>
    ran.get(key(client, title)) ?? stood.get(key(client, title)) ?? NONE
  return Object.entries(tables).reduce((all, [name, table]) => {
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
    const [before = '', rest = ''] = all.split(begin)
    const [, after = ''] = rest.split(end)
    return `${before}${begin}${tableOf(table, mark)}\n${end}${after}`
  }, text)
}

const marksIn = (text: string): Marks => {
  const marks = new Map<string, string>()
  let clients: readonly string[] = []
  for (const [, line] of text.matchAll(/^\|(.*)\|$/gm)) {
    const [title = '', ...cells] = line!.split('|').map(cell => cell.trim())
    if (title === '') clients = cells
    else for (const [at, cell] of cells.entries()) marks.set(key(clients[at] ?? '', title), cell)
  }
  return marks
}

/**
 * Prints what became of every client in every case, and compares it with docs/clients.md, where it has to stand; with
 * `-u` writes it there.
 */
export class Matrix implements Reporter {
  #writes = false

  onInit({ config }: Vitest): void {
    this.#writes = config.snapshotOptions.updateSnapshot === 'all'
  }

  onTestRunEnd(modules: Parameters<NonNullable<Reporter['onTestRunEnd']>>[0]): void {
    const ran = new Map<string, string>()
    const failed = new Set<string>()
    for (const one of modules.flatMap(module => [...module.children.allTests()])) {
      const { cell } = one.meta()
      const place = cell && key(cell.client, cases[cell.case].title)
      if (place && cell.mark) ran.set(place, cell.mark)
      else if (place) failed.add(place)
    }
    if (ran.size + failed.size === 0) return
    const text = fs.readFileSync(DOCUMENT, 'utf8')
    const stood = marksIn(text)
    const shown = (client: string, title: string): string => {
      const place = key(client, title)
      if (failed.has(place)) return FAILED
      return ran.get(place)?.replace(/^\[no\].*/, 'no') ?? (stood.get(place) === NONE ? NONE : NOT_RUN)
    }
    for (const table of Object.values(tables)) console.log(`${tableOf(table, shown)}\n`)

    const wanted = renewed(text, ran)
    if (wanted === text) return
    if (this.#writes) return fs.writeFileSync(DOCUMENT, wanted)
    console.error('docs/clients.md says otherwise; npm run test:clients -- -u writes it anew:')
    for (const [cell, mark] of ran) {
      if (stood.get(cell) !== mark) console.error(`  ${cell}: ${mark}, not ${stood.get(cell) ?? 'there'}`)
    }
    process.exitCode = 1
  }
}
