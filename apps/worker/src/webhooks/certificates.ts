import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'

/** The PEM certificates in a file; undefined when there are none to be read. */
export const readCertificates = (file: string): string | undefined => {
  try {
    const text = fs.readFileSync(file, 'utf8')
    // It reads the first one, which is enough to tell a certificate from something else.
    const { raw } = new X509Certificate(text)
    return raw.length > 0 ? text : undefined
  } catch {
    return undefined
  }
}
