import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openStore } from '../open-store.ts'

/** The file of a queue without jobs. */
interface Template {
  readonly bytes: Buffer
  /** Where the name of its deployment stands: in the table and in its index. */
  readonly names: readonly number[]
}

const NAME = /foreman-[0-9a-f]{16}/g

let template: Promise<Template> | undefined

/** Puts a queue without jobs there. To open it takes half as long as to make one, and tests open thousands. */
export const putEmptyQueue = async (file: string): Promise<void> => {
  template ??= make()
  const { bytes, names } = await template
  const own = Buffer.from(bytes)
  // No other deployment has its name.
  const name = `foreman-${randomBytes(8).toString('hex')}`
  for (const at of names) own.write(name, at, 'latin1')
  fs.writeFileSync(file, own)
}

const make = async (): Promise<Template> => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-empty-'))
  const file = path.join(directory, 'queue.db')
  try {
    await (await openStore(file, { role: 'gateway' })).close()
    const bytes = fs.readFileSync(file)
    return { bytes, names: [...bytes.toString('latin1').matchAll(NAME)].map(({ index }) => index) }
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}
