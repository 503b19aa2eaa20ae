import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { temporaryDirectory, type Variables } from '../../harness/foreman.ts'

const SECTOR_BYTES = 512
/** `struct record` of lossy-disk.c: kind, offset and length. */
const RECORD_BYTES = 24
const TRUNCATE = 1n
const UNSYNCED = '.unsynced'

export interface LossyDisk {
  /** Where the files are that a power cut damages. */
  readonly directory: string
  /** The environment of a process whose writes there are lost unless they are synced. */
  readonly variables: Variables
  /**
   * Leaves in the directory what a power cut leaves: what was synced, and of each later write all, a part or nothing. To be
   * called when no process with these variables runs any more.
   *
   * @returns how many writes were lost, at least in part
   */
  cut(): number
}

const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

/** Why there is no lossy disk here. Undefined: there is one. */
export const noLossyDisk: string | undefined = hasCompiler
  ? undefined
  : 'it needs Linux and a C compiler (cc)'

/** A disk that forgets what was not synced, for as long as the present test runs. */
export const lossyDisk = (random: () => number): LossyDisk => {
  const [directory, kept, built] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()]
  const library = path.join(built, 'lossy-disk.so')
  const source = path.join(import.meta.dirname, 'lossy-disk.c')
  const { status, stderr } = spawnSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl'])
  if (status !== 0) throw new Error(stderr.toString())
  const cut = (): number => {
    let lost = 0
    fs.rmSync(directory, { recursive: true })
    fs.mkdirSync(directory)
    for (const name of fs.readdirSync(kept).filter(file => !file.endsWith(UNSYNCED))) {
      const disk = new Content(fs.readFileSync(path.join(kept, name)))
      for (const write of readWrites(path.join(kept, name + UNSYNCED))) lost += write(disk, random) ? 0 : 1
      for (const place of [directory, kept])
        fs.writeFileSync(path.join(place, name), disk.bytes, { mode: 0o600 })
      fs.rmSync(path.join(kept, name + UNSYNCED), { force: true })
    }
    return lost
  }
  return { directory, variables: { LD_PRELOAD: library, LOSSY_DISK: directory, LOSSY_DISK_KEPT: kept }, cut }
}

/** The bytes of a file. */
class Content {
  bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  truncate(length: number): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.alloc(Math.max(0, length - this.bytes.length))]).subarray(
      0,
      length,
    )
  }

  write(bytes: Buffer, offset: number): void {
    if (this.bytes.length < offset + bytes.length) this.truncate(offset + bytes.length)
    this.bytes = Buffer.from(this.bytes)
    bytes.copy(this.bytes, offset)
  }
}

/** Brings a write to the disk, or a part of it, or nothing. @returns whether all of it is there */
type Write = (disk: Content, random: () => number) => boolean

const readWrites = function* (file: string): Generator<Write> {
  if (!fs.existsSync(file)) return
  const log = fs.readFileSync(file)
  for (let at = 0; at + RECORD_BYTES <= log.length;) {
    const [kind, offset, length] = [0, 8, 16].map(field => log.readBigUInt64LE(at + field))
    at += RECORD_BYTES
    if (kind === TRUNCATE) {
      yield (disk, random) => {
        if (random() < 0.5) return false
        disk.truncate(Number(length))
        return true
      }
      continue
    }
    const bytes = log.subarray(at, at + Number(length))
    at += Number(length)
    yield (disk, random) => {
      const fate = random()
      if (fate < 0.4) return false
      const sectors = Math.ceil(bytes.length / SECTOR_BYTES)
      const isTorn = fate < 0.6 && sectors > 1
      const some = isTorn ? bytes.subarray(0, Math.floor(random() * sectors) * SECTOR_BYTES) : bytes
      if (some.length > 0) disk.write(some, Number(offset))
      return !isTorn
    }
  }
}
