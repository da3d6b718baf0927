"""GFlowNets of images (methods.md 17): policies that draw in proportion to a declared reward; GFlowAug as released.

layout: images as words; policy: what is done next; flows: trajectories; losses: the balances; reward: what is wanted;
learn: training and completing; maker: the method of a recipe; released: the published code's model, no GFlowNet.
"""
