import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'

/** Reads the PEM certificates in a file. Returns undefined when the file has none or cannot be read. */
export const readCertificates = (file: string): string | undefined => {
  try {
    const text = fs.readFileSync(file, 'utf8')
    // X509Certificate reads only the first one. That suffices to recognise a file of certificates.
    const { raw } = new X509Certificate(text)
    return raw.length > 0 ? text : undefined
  } catch {
    return undefined
  }
}
