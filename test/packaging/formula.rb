# As much of Homebrew as packaging/homebrew/agentd.rb needs to be evaluated by real Ruby: prints what it says, as JSON.
# Keys of the service block: Homebrew's Library/Homebrew/service.rb; another one is an error here as it is there.
require "json"
require "pathname"

PREFIX = Pathname.new("/opt/homebrew")

class Service
  KEYS = %i[run run_type keep_alive interval cron launch_only_once require_root environment_variables working_dir root_dir
            input_path log_path error_log_path restart_delay stop_timeout throttle_interval nice process_type
            macos_legacy_timers sockets name].freeze
  attr_reader :said

  def initialize(formula)
    @formula = formula
    @said = {}
  end

  KEYS.each { |key| define_method(key) { |*values, **named| @said[key] = named.empty? ? values.first : named } }
  def opt_bin = PREFIX/"opt/agentd/bin"
  def opt_libexec = PREFIX/"opt/agentd/libexec"
  def var = PREFIX/"var"
  def std_service_path_env = "#{PREFIX}/bin:#{PREFIX}/sbin:/usr/bin:/bin:/usr/sbin:/sbin"
end

class Formula
  @said = {}
  class << self
    def inherited(formula)
      super
      formula.instance_variable_set(:@said, { depends_on: [] })
      $formula = formula
    end
    attr_reader :said

    %i[desc homepage url sha256 license].each { |key| define_method(key) { |value| @said[key] = value } }
    def depends_on(name) = @said[:depends_on] << name
    def service(&block) = @said[:service] = Service.new(self).tap { |service| service.instance_eval(&block) }.said
    def test(&block) = @said[:test] = !block.nil?
  end
end

load ARGV.fetch(0)
puts JSON.generate($formula.said.merge(installs: $formula.method_defined?(:install)))
