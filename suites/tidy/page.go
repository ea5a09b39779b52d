package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Page is docs/roles.md, and what it is held to.
type Page struct {
	Text     string
	Roles    []string          // that must have a section each, and no others may
	Switches map[string]string // that must have a row each: name -> Go field
	Files    []File            // the project's
}

// Wrong names what the page says and the code does not, and what it leaves out.
func (p Page) Wrong() []string {
	return slices.Concat(p.sections(), p.metrics(), p.ports(), p.switches())
}

// rows are what each section must tell of its role.
func rows() []string {
	return []string{"stands for", "API", "metrics", "switches", "when it dies", "your own"}
}

func (p Page) sections() []string {
	var wrong, found []string
	heads := regexp.MustCompile("(?m)^### `([a-z-]+)`$|^## ").FindAllStringSubmatchIndex(p.Text, -1)
	for i, at := range heads {
		if at[2] < 0 {
			continue // the head of a chapter
		}
		role, end := p.Text[at[2]:at[3]], len(p.Text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		found = append(found, role)
		if !slices.Contains(p.Roles, role) {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: a section for %s, which is no role", role))
		}
		wrong = append(wrong, p.section(role, p.Text[at[1]:end])...)
	}
	for _, role := range p.Roles {
		if !slices.Contains(found, role) {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: no section for the role %s; begin it with ### `%s`", role, role))
		}
	}
	return wrong
}

// section holds one role's section to its rows, and its switches to the table of them.
func (p Page) section(role, text string) (wrong []string) {
	for _, row := range rows() {
		if !strings.Contains(text, "\n| "+row+" | ") {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: the section %s does not say: %s", role, row))
		}
	}
	told := regexp.MustCompile(`(?m)^\| switches \| .*$`).FindString(text)
	for name := range p.Switches {
		if obeys := slices.Contains(p.obeyedBy(name), role); obeys != strings.Contains(told, "`"+name+"`") {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: the section %s and the table of switches contradict each other about %s", role, name))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// obeyedBy are the roles that the table of switches names as obeying one.
func (p Page) obeyedBy(name string) (roles []string) {
	row := regexp.MustCompile("(?m)^\\| `" + name + "` \\| ([^|]*) \\|").FindStringSubmatch(p.Text)
	if row == nil {
		return nil
	}
	for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(row[1], -1) {
		roles = append(roles, m[1])
	}
	return roles
}

// publishers are where metrics are made; elsewhere they are only asked for.
func publishers() []string { return []string{"system/roles", "system/admin", "system/report"} }

const ours = "redpacket_"

// metrics finds names that no source makes: by a literal, or by a literal beginning and, in the same file, a literal end; and
// those made by a literal that the page leaves out.
func (p Page) metrics() []string {
	var wrong []string
	made := map[string]bool{}
	for _, f := range p.Files {
		if f.Test || !slices.ContainsFunc(publishers(), func(dir string) bool { return within(f.Dir, dir) }) {
			continue
		}
		literals := f.literals()
		for _, l := range literals {
			if !strings.HasPrefix(l, ours) {
				continue
			}
			if made[l] = true; !strings.HasSuffix(l, "_") && !regexp.MustCompile(`\b`+l+`\b`).MatchString(p.Text) {
				wrong = append(wrong, fmt.Sprintf("docs/roles.md: %s publishes %s, and the page does not say so", f.Dir, l))
			}
			for _, end := range literals {
				if strings.HasSuffix(l, "_") {
					made[l+end] = true
				}
			}
		}
	}
	for _, name := range regexp.MustCompile(`\b`+ours+`[a-z0-9_]+`).FindAllString(p.Text, -1) {
		if !made[name] {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: no role publishes %s", name))
		}
	}
	return wrong
}

// literals are the strings that stand in the file.
func (f File) literals() []string {
	var all []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text, err := strconv.Unquote(l.Value); err == nil {
				all = append(all, text)
			}
		}
		return true
	})
	return all
}

// ports finds port numbers that are no constants of the topology or its provision.
func (p Page) ports() []string {
	known := map[string]bool{}
	for _, f := range p.Files {
		if !f.Test && (f.Dir == "system/topology" || f.Dir == "system/provision") {
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && strings.HasSuffix(spec.Names[0].Name, "Port") {
					if l, ok := spec.Values[0].(*ast.BasicLit); ok {
						known[l.Value] = true
					}
				}
				return true
			})
		}
	}
	var wrong []string
	for _, m := range regexp.MustCompile(`\bport,? (\d+)`).FindAllStringSubmatch(p.Text, -1) {
		if !known[m[1]] {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: nobody listens on port %s", m[1]))
		}
	}
	return wrong
}

// switches holds the column "obeyed by" to who reads the field.
func (p Page) switches() []string {
	var wrong []string
	for name, field := range p.Switches {
		row := regexp.MustCompile("(?m)^\\| `" + name + "` \\| ([^|]*) \\|").FindStringSubmatch(p.Text)
		if row == nil {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: no row for the switch %s", name))
			continue
		}
		obeyed := p.readers(field)
		if row[1] == "nobody" && len(obeyed) > 0 {
			wrong = append(wrong, fmt.Sprintf("docs/roles.md: nobody obeys %s, it says, but the code of %s reads it", name, strings.Join(obeyed, ", ")))
		}
		for _, role := range p.obeyedBy(name) {
			if pool, _, _ := strings.Cut(role, "-"); !slices.Contains(obeyed, pool) {
				wrong = append(wrong, fmt.Sprintf("docs/roles.md: %s obeys %s, it says, but its code does not read it", role, name))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// readers are the roles' packages whose code reads a field of the switches.
func (p Page) readers(field string) []string {
	var all []string
	for _, f := range p.Files {
		if f.Test || !within(f.Dir, "system/roles") || within(f.Dir, "system/roles/zhiyun") {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == field {
				all = append(all, path.Base(f.Dir))
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// RolesOf are the roles that the binary's main file lists, in its variable roles.
func RolesOf(main File) []string {
	var names []string
	ast.Inspect(main.Syntax, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "roles" || len(spec.Values) != 1 {
			return true
		}
		list, ok := spec.Values[0].(*ast.CompositeLit)
		if !ok {
			return true
		}
		for i := range list.Elts {
			if role, ok := list.Elts[i].(*ast.CompositeLit); ok && len(role.Elts) > 0 {
				if l, ok := role.Elts[0].(*ast.BasicLit); ok {
					names = append(names, strings.Trim(l.Value, `"`))
				}
			}
		}
		return false
	})
	return names
}
