// Makes JavaScript of the sources of the command and its processes, and builds the page, in the directory `build`: the same tree, which
// runs beside the dependencies of the checkout. As JavaScript a process needs 13 MB less than as TypeScript, whose types Node strips with a compiler of its own.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { folderOf } from './packages.mjs'

const root = path.join(import.meta.dirname, '..')
const build = path.join(root, 'build')

/** With the compiler of the checkout, or else with one that is on the path. */
const compile = () => {
  const env = { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}:${process.env.PATH}` }
  execFileSync('tsc', ['-p', path.join(root, 'tsconfig.build.json')], { stdio: 'inherit', env })
}

/** The page is built already, or its dependencies are there. */
const buildDashboard = () => {
  const app = path.join(root, 'apps/dashboard')
  execFileSync(process.execPath, [path.join(app, 'scripts/build.ts')], { stdio: 'inherit' })
  fs.cpSync(path.join(app, 'dist'), path.join(build, 'apps/dashboard/dist'), { recursive: true })
}

/** Copies what a package has besides sources: its manifest, which names the sources, and files such as migrations. */
const copyRest = directory => {
  const manifest = fs.readFileSync(path.join(root, directory, 'package.json'), 'utf8')
  fs.writeFileSync(path.join(build, directory, 'package.json'), manifest.replaceAll('.ts"', '.js"'))
  const source = path.join(root, directory, 'src')
  for (const file of fs.readdirSync(source, { recursive: true })) {
    if (!/\.(sql|json)$/.test(file)) continue
    fs.cpSync(path.join(source, file), path.join(build, directory, 'src', file))
  }
}

/** Links the dependencies of a package: those that were built, and the others as they are installed. */
const linkDependencies = directory => {
  const { dependencies = {} } = JSON.parse(
    fs.readFileSync(path.join(root, directory, 'package.json'), 'utf8'),
  )
  for (const [name, version] of Object.entries(dependencies)) {
    const link = path.join(build, directory, 'node_modules', name)
    const target = version.startsWith('workspace:')
      ? path.join(build, folderOf(name))
      : path.join(root, directory, 'node_modules', name)
    fs.mkdirSync(path.dirname(link), { recursive: true })
    fs.symlinkSync(path.relative(path.dirname(link), target), link)
  }
}

fs.rmSync(build, { recursive: true, force: true })
compile()
for (const parent of ['apps', 'packages']) {
  for (const name of fs.readdirSync(path.join(build, parent))) {
    copyRest(path.join(parent, name))
    linkDependencies(path.join(parent, name))
  }
}
// Last, because it is no package of theirs.
buildDashboard()
