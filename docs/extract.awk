# Makes a program of the ```cpp blocks of a page, or, with -v output=1, the text that it should print, of the ```text blocks.
# What stands before the first "## " goes to the top of the file, every section after it into a scope of main; with
# -v program=1 the blocks are a whole program as they are.
BEGIN { depth = 0 }
/^## / && !output && !program {
  print depth == 0 ? "int main() {\n{" : "}\n{"
  depth = 2
}
/^```cpp$/ && !output {
  printf "#line %d \"%s\"\n", FNR + 1, FILENAME
  inside = 1
  next
}
/^```text$/ && output { inside = 1; next }
/^```$/ { inside = 0 }
inside
END { if (depth > 0) print "}\n}" }
