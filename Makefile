# Everything a team runs. `make help` lists it.
GO    ?= go
OUT   ?= rehearsals
SEED  ?= 1
FOCUS ?=
# FOCUS ends at the end of a word: FI-1 is not FI-10.
# What the suites print: a line a spec, progress while a drill runs, and a summary. A drill's folder is in $(OUT).
GINKGO = REDPACKET_OUT=$(abspath $(OUT)) REDPACKET_SEED=$(SEED) $(GO) tool ginkgo run --timeout=40m --grace-period=60s \
         --seed=$(SEED) --focus='$(FOCUS)\b' --output-dir=$(abspath $(OUT)) --no-color -v

.DEFAULT_GOAL := help
.PHONY: help test unit smoke drill-pressure drill-gray drill-fault drill-dr drill-night drill-quiet selftest selftest-versions selftest-kill selftest-starved rehearsal nightly bench estimate judge lint race fuzz images doctor clean build

help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: unit smoke ## everything a change must pass: unit tests, then the smoke suite in containers

unit: ## unit tests and the tidiness of the source; no Docker (3 min)
	$(GO) test $$($(GO) list ./... | grep -v /suites/) ./suites/tidy

smoke: ## the whole claim path in containers, small, and what stands around it: drills, hostile input, alarms, what each playbook does, nothing left behind (6 min)
	@mkdir -p $(OUT)
	$(GO) test -count=1 -timeout 30m ./suites/smoke -ginkgo.timeout 25m

drill-pressure: ## the pressure drills: estimate, built, the night, a burst, refusals; FOCUS=PR-4 for one of them
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=pressure-suite.xml ./suites/pressure

drill-gray: ## the gray drills: is the traffic model true, and is a new version the same; FOCUS=GR-2 for one of them (8 min at most)
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=gray-suite.xml ./suites/gray

drill-fault: ## the fault drills, each on a cluster of its own, and whether every kind of fault ends; FOCUS=FI-9 for one of them
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=fault-suite.xml ./suites/fault

drill-dr: ## the disaster drills: a data centre (nine times; the worst counts), a store, a log lost, RTO and RPO measured; FOCUS=DR-1 for one of them
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=dr-suite.xml ./suites/dr

drill-night: ## the real night again: as it was planned, and with a trigger that comes in time; FOCUS=IR-2 for one of them
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=night-suite.xml ./suites/night

drill-quiet: ## 5 min of steady load on both data centres, in which no alarm may fire (6 min)
	@mkdir -p $(OUT)
	$(GINKGO) --junit-report=quiet-suite.xml ./suites/quiet

selftest: ## can the judge fail? systems and records with one bug each, every one of which it must name (10 min at most)
	@mkdir -p $(OUT)
	$(GINKGO) --label-filter='!kill && !starved && !versions' --junit-report=selftest-suite.xml ./suites/selftest

selftest-versions: ## new versions with one defect each, released to ever more users: each is taken back at the stage that can tell (8 min at most)
	@mkdir -p $(OUT)
	$(GINKGO) --label-filter=versions --junit-report=selftest-versions-suite.xml ./suites/selftest

selftest-kill: ## kill -9 of the harness at 20 random moments, and 20 times in mid-fault: all is healed and nothing left after 10 s (12 min); SEED=2 for others
	@mkdir -p $(OUT)
	$(GINKGO) --label-filter=kill --junit-report=selftest-kill-suite.xml ./suites/selftest

selftest-starved: ## a generator whose core others keep busy tells nothing, 5 of 5; one left alone passes, 10 of 10 (6 min)
	@mkdir -p $(OUT)
	$(GINKGO) --label-filter=starved --junit-report=selftest-starved-suite.xml ./suites/selftest

rehearsal: build ## every drill there is, and one page with go or no-go and the reasons
	bin/rehearse rehearsal --seed $(SEED) --out $(OUT)

nightly: build ## the rehearsal within a time budget (BUDGET=40m), for CI: JUnit and records are kept
	bin/rehearse rehearsal --seed $(SEED) --out $(OUT) --budget $(or $(BUDGET),40m)

bench: build ## what system and harness carry, B1 to B10 and a stall, beside stock Vegeta; FOCUS="B2 B8", HOLD=10s, RUNS=1 for less
	bin/rehearse bench $(FOCUS) --hold $(or $(HOLD),30s) --runs $(or $(RUNS),3) --out $(OUT)/bench

estimate: build ## the capacity sheet of the event: from exposures to the load on every link
	bin/rehearse estimate

judge: build ## judge a saved record again: make judge DIR=rehearsals/...
	bin/rehearse judge $(DIR)

build: ## the command line: bin/rehearse
	@mkdir -p bin
	$(GO) build -o bin/rehearse ./drills/cmd/rehearse

images: build ## the container images (they are made by themselves when a drill needs them)
	bin/rehearse images

doctor: build ## what this machine has and lacks for a rehearsal
	bin/rehearse doctor

lint: ## gofmt, go vet, staticcheck, go mod tidy
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

race: ## unit tests under the race detector
	$(GO) test -race $$($(GO) list ./... | grep -v /suites/)

fuzz: ## every fuzz target for FUZZTIME (10s), FUZZJOBS (1) of them side by side; FUZZ=name for one
	@$(GO) list -f '{{if .TestGoFiles}}{{.Dir}}{{end}}{{if .XTestGoFiles}} {{.Dir}}{{end}}' ./... | tr ' ' '\n' | sort -u | while read -r dir; do \
	  test -z "$$dir" || grep -ho 'func Fuzz[A-Za-z]*' $$dir/*_test.go | cut -c6- | grep -e '$(or $(FUZZ),.)' | sed "s|$$| $$dir|"; done | \
	  xargs -P $(or $(FUZZJOBS),1) -n 2 sh -c 'echo "$$0 in $$1"; $(GO) test -run "^$$" -fuzz "^$$0\$$" -fuzztime $(or $(FUZZTIME),10s) -fuzzminimizetime 1s \
	    $(if $(FUZZJOBS),-parallel 1) $$1 || { echo "FAIL: $$0 in $$1"; exit 255; }'

clean: build ## remove every container, network and volume that a dead run of ours left
	bin/rehearse clean
