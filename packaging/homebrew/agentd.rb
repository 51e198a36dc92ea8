# Homebrew formula, for a tap of one's own. `url` and `sha256` are those of the npm tarball of the release ("npm run package -- npm");
# packaging/build/package/npm.ts prints where it is.
class Agentd < Formula
  desc "Sessions of AI coding agents as services of the operating system"
  homepage "https://www.npmjs.com/package/agentd"
  url "https://registry.npmjs.org/agentd/-/agentd-0.1.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args(ignore_scripts: false)
    # Programs that start themselves again must not remember a version's directory: the launchers find theirs through opt.
    bin.install_symlink libexec.glob("bin/*")
    generate_completions_from_executable(bin/"agentctl", "autocomplete", shells: [:bash, :zsh, :fish])
  end

  # opt_bin is a link that Homebrew moves with every upgrade; a path below Cellar would be gone after the next one.
  service do
    run [opt_bin/"agentd"]
    keep_alive crashed: true
    environment_variables PATH: std_service_path_env
    working_dir Dir.home
    log_path var/"log/agentd.log"
    error_log_path var/"log/agentd.log"
    process_type :interactive
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/agentctl --version")
    assert_equal "7", shell_output("#{bin}/agentctl run --standalone -- sh -c 'printf 7'").strip
  end
end
