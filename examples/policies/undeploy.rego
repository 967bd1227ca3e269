# Rules over a saved plan, for conftest or OPA. `deny` stops the pipeline, `warn` is only shown.
package main

import rego.v1

# What to change first.
most_undeploys := 2 # on one platform, in one plan

oldest_evidence := "1h" # of what is undeployed

calm_days := {"Monday", "Tuesday", "Wednesday", "Thursday"} # in UTC: when plans that deploy are made

# A plan of another format would match no rule below, and so be let through.
deny contains msg if {
	not readable
	msg := "this is no plan of format 1: nothing in it was checked"
}

readable if {
	input.format == "reconciler/plan"
	startswith(input.format_version, "1.")
}

# Nothing is undeployed by a plan that did not see everything.
deny contains msg if {
	input.complete != true
	some action in undeploys
	msg := sprintf("%s: undeployed by a plan that could not read everything", [action.address])
}

# Nothing is undeployed on hearsay: somebody looked, and not long ago.
deny contains msg if {
	some action in undeploys
	not seen_lately(action)
	msg := sprintf("%s: undeployed although nobody saw it within %s of the plan", [action.address, oldest_evidence])
}

deny contains msg if {
	some platform, actions in undeploys_on
	count(actions) > most_undeploys
	msg := sprintf("%s: %d undeploys in one plan, and %d are allowed", [platform, count(actions), most_undeploys])
}

# Who deploys before a weekend is not there when it fails. A plan knows when it was made, not when it will be applied.
deny contains msg if {
	some action in input.actions
	action.verb == "deploy"
	not calm
	msg := sprintf("%s: deployed by a plan made from Friday to Sunday (UTC)", [action.address])
}

calm if time.weekday(time.parse_rfc3339_ns(input.created_at)) in calm_days

warn contains msg if {
	some action in undeploys
	not sprintf("%s#export", [action.address]) in action.requires
	msg := sprintf("%s: undeployed without an export in this plan", [action.address])
}

warn contains msg if {
	some entry in input.blocked
	msg := sprintf("%s: blocked: %s", [entry.address, entry.text])
}

undeploys contains action if {
	some action in input.actions
	action.verb == "undeploy"
}

undeploys_on[platform] contains action.address if {
	some action in undeploys
	platform := split(action.address, "/")[0]
}

seen_lately(action) if {
	action.evidence.source in {"list", "get", "probe", "job"}
	is_string(action.evidence.at)
	age := time.parse_rfc3339_ns(input.created_at) - time.parse_rfc3339_ns(action.evidence.at)
	age <= time.parse_duration_ns(oldest_evidence)
}
