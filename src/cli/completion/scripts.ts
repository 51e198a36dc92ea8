/** The shells' completion scripts: each hands the words to `agentctl __complete` and shows what comes back. */

export const shells = ["bash", "zsh", "fish"]

const bash = String.raw`# bash completion for agentctl
_agentctl() {
  local line lines word at=
  local -a words=()
  COMPREPLY=()
  # Bash takes an @ for a word of its own: what follows belongs to it.
  for word in "${"$"}{COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [ -n "$at" ]; then words[${"$"}{#words[@]}-1]=@$word; else words+=("$word"); fi
    [ "$word" = @ ] && at=1 || at=
  done
  if lines=$(agentctl __complete -- "${"$"}{words[@]}" 2>/dev/null); then
    while IFS=$'\n' read -r line; do
      [ -n "$line" ] && COMPREPLY+=("${"$"}{line%%$'\t'*}")
    done <<< "$lines"
  else
    compopt -o default 2>/dev/null
  fi
}
complete -F _agentctl agentctl
`

const zsh = String.raw`#compdef agentctl
_agentctl() {
  local -a shown
  local line lines
  if lines=$(agentctl __complete -- "${"$"}{(@)words[2,CURRENT]}" 2>/dev/null); then
    for line in "${"$"}{(@f)lines}"; do
      [[ -n $line ]] && shown+=("${"$"}{${"$"}{line%%$'\t'*}//:/\\:}:${"$"}{line#*$'\t'}")
    done
    _describe -V agentctl shown
  else
    _files
  fi
}
if [ "${"$"}{funcstack[1]}" = _agentctl ]; then _agentctl "$@"; else compdef _agentctl agentctl; fi
`

const fish = `# fish completion for agentctl
function __agentctl_complete
    set -l words (commandline -opc) (commandline -ct)
    agentctl __complete -- $words[2..-1] 2>/dev/null
    or __fish_complete_path (commandline -ct)
end
complete -c agentctl -f -a '(__agentctl_complete)'
`

export const script = (shell: string): string => ({ bash, zsh, fish })[shell] ?? ""

export const howToInstall = `Completion of commands, flags, and names of sessions and agents:

  bash   echo 'eval "$(agentctl autocomplete bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(agentctl autocomplete zsh)"' >> ~/.zshrc       (after compinit)
  fish   agentctl autocomplete fish > ~/.config/fish/completions/agentctl.fish
`
