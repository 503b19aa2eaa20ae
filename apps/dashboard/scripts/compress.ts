import fs from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** A file as the server sends it. */
export interface Compressed {
  readonly name: string
  readonly gzipBytes: number
}

/** Writes a gzip and a brotli form beside each file, so that the server compresses nothing. */
export const compressAll = (folder: string): Compressed[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      const content = fs.readFileSync(file)
      const gzip = gzipSync(content, { level: constants.Z_BEST_COMPRESSION })
      fs.writeFileSync(`${file}.gz`, gzip)
      fs.writeFileSync(`${file}.br`, brotliCompressSync(content))
      return { name: path.relative(folder, file), gzipBytes: gzip.byteLength }
    })
