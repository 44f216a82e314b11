# The book (docs/), as HTML.
{ inTree, docsTree }:
inTree {
  name = "onebox-book";
  tree = docsTree;
  script = ./scripts/book.sh;
  docs = builtins.path { name = "onebox-docs"; path = ../docs; };
}
