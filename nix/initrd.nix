# The initrd: busybox, our init and the modules a hypervisor's disk may need.
{ inTree, toolsTree, kernelTree }:
inTree {
  name = "onebox-initrd";
  tree = toolsTree;
  script = ./scripts/initrd.sh;
  inherit kernelTree;
  initrd = ../images/initrd;
}
