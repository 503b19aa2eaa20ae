// Builds the page into `dist`, unless it is there already.
import fs from 'node:fs'
import path from 'node:path'
import { ensureWithinBudget } from './budget.ts'
import { app, dist, isBuilt, STAMP, stampOfSources } from './built.ts'
import { compressAll } from './compress.ts'

/** Beside the dependencies, since nothing looks for sources there. Two builds at a time do not meet. */
const building = path.join(app, 'node_modules', `.building-${process.pid}`)

const build = async (): Promise<void> => {
  const stamp = stampOfSources()
  // It takes memory and half a second: most starts need none of it.
  const vite = await import('vite')
  await vite.build({ configFile: path.join(app, 'vite.config.ts'), build: { outDir: building } })
  const files = compressAll(building)
  ensureWithinBudget(files)
  fs.writeFileSync(path.join(building, STAMP), stamp)
  replaceDist()
  const sizes = files.map(({ name, gzipBytes }) => `${path.basename(name)} ${gzipBytes}`)
  console.log(`foreman: the dashboard is built (compressed: ${sizes.join(', ')} bytes)`)
}

const replaceDist = (): void => {
  fs.rmSync(dist, { recursive: true, force: true })
  try {
    fs.renameSync(building, dist)
  } catch (error) {
    // Another build was quicker.
    if (!isBuilt()) throw error
  }
}

if (!isBuilt()) {
  try {
    await build()
  } finally {
    fs.rmSync(building, { recursive: true, force: true })
  }
}
