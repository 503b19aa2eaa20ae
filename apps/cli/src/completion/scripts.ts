import type { Session } from '../command-line/session.ts'

/** bash cuts words at colons, which the names of models have, so the line is cut at blanks here. */
const bash = `_foreman() {
  local line="\${COMP_LINE:0:COMP_POINT}" words found cut
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  local current="\${words[\${#words[@]}-1]}"
  cut="\${current%"\${current##*:}"}"
  COMPREPLY=()
  while IFS= read -r found; do
    COMPREPLY+=("\${found#"$cut"}")
  done < <("\${words[0]}" suggest "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _foreman foreman ollama-foreman`

const zsh = `#compdef foreman ollama-foreman
_foreman() {
  local -a found
  found=(\${(f)"$("\${words[1]}" suggest "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _foreman foreman ollama-foreman`

const fish = `for name in foreman ollama-foreman
  complete -c $name -a "($name suggest (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)"
end`

export const printCompletion = (shell: 'bash' | 'zsh' | 'fish', { screen }: Session): void =>
  screen.print({ bash, zsh, fish }[shell])
