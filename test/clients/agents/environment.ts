import fs from 'node:fs'
import path from 'node:path'
import { installOnce } from '../optional.ts'

const packages = ['@openai/codex@0.169.0', '@anthropic-ai/claude-code@2.1.332']
const home = path.join(import.meta.dirname, '../../../.venv/agents')
const platform = `${process.platform}-${process.arch}`

/** Where the programs are, or the reason why there are none. */
export interface Agents {
  readonly programs?: { readonly codex: string; readonly claude: string }
  readonly missing?: string
}

/**
 * Coding agents from npm. They take 800 MB, so they are no dependencies of this repository. Each package brings its
 * program in a further package for the platform, and needs no install script.
 */
export const agents = async (): Promise<Agents> => {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const missing = await installOnce({
    home,
    wanted: [platform, ...packages],
    commands: [['npm', 'install', '--prefix', home, ...flags, ...packages]],
  })
  if (missing !== undefined) return { missing }
  const modules = path.join(home, 'node_modules')
  const [codex] = fs.globSync(path.join(modules, `@openai/codex-${platform}/vendor/*/bin/codex`))
  const claude = path.join(modules, `@anthropic-ai/claude-code-${platform}/claude`)
  if (codex === undefined || !fs.existsSync(claude)) return { missing: `there are none for ${platform}` }
  return { programs: { codex, claude } }
}
